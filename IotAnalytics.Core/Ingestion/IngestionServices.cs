using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Core.Ingestion;

public static class IngestionServices
{
    /// <summary><see cref="ReadingIngestor"/> and <see cref="LimitsOptions"/>. Needs the commit log, the profiles, the reading rules and <see cref="TimeProvider"/>.</summary>
    public static IServiceCollection AddIngestion(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<LimitsOptions>().Bind(configuration.GetSection(LimitsOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ReadingIngestor>();
        return services;
    }
}

using IotAnalytics.Core.Modeling.Registry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Core.Modeling;

public static class ModelingServices
{
    /// <summary>The model registry. Needs persistence and the lake store.</summary>
    public static IServiceCollection AddModeling(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ModelingOptions>().Bind(configuration.GetSection(ModelingOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ModelRegistry>();
        return services;
    }
}

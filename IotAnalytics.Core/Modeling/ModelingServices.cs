using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.SelfChecks;
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

    /// <summary>Looks how the models in operation are. Needs the registry.</summary>
    public static IServiceCollection AddModelChecks(this IServiceCollection services) =>
        services.AddSingleton<ModelStatuses>().AddSingleton<ModelCheckService>().AddHostedService(s => s.GetRequiredService<ModelCheckService>());
}

using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Core.Metrics;

public static class MetricsServices
{
    /// <summary>Maintenance of the roll-ups.</summary>
    public static IServiceCollection AddRollups(this IServiceCollection services) => services.AddSingleton<RollupRetention>();
}

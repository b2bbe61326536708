using IotAnalytics.Core.Diagnostics;
using OpenTelemetry.Metrics;

namespace IotAnalytics.Web.Hosting;

/// <summary>Our meter, ASP.NET Core's and the runtime's, for Prometheus.</summary>
internal static class Telemetry
{
    public static IServiceCollection AddTelemetry(this IServiceCollection services)
    {
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(IotMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddPrometheusExporter());
        return services;
    }
}

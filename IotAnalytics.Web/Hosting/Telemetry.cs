using IotAnalytics.Core.Diagnostics;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace IotAnalytics.Web.Hosting;

/// <summary>Our meter, ASP.NET Core's and the runtime's, for Prometheus; with an OTLP endpoint also sent there, and the pipeline's spans with them.</summary>
internal static class Telemetry
{
    /// <summary>Series of an instrument for which there is memory from the start: no tag of ours has so many values.</summary>
    private const int MostSeries = 500;

    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<TelemetryOptions>().Bind(configuration.GetSection(TelemetryOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        var section = configuration.GetSection(TelemetryOptions.Section);
        var endpoint = Uri.TryCreate(section[nameof(TelemetryOptions.OtlpEndpoint)], UriKind.Absolute, out var uri) ? uri : null;
        var telemetry = services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter(IotMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
                .AddView(instrument => instrument.Meter.Name == "Microsoft.AspNetCore.Hosting" ? null : new MetricStreamConfiguration { CardinalityLimit = MostSeries })
                .AddPrometheusExporter();
            if (endpoint is not null)
            {
                metrics.AddOtlpExporter(o => o.Endpoint = endpoint);
            }
        });
        if (endpoint is not null)
        {
            telemetry.ConfigureResource(resource => resource.AddService("iot-analytics", serviceVersion: HostInfo.Version, serviceInstanceId: $"{Environment.MachineName}:{Environment.ProcessId}"));
            telemetry.WithTracing(tracing => tracing
                .AddSource(IotTracing.Name, "Microsoft.AspNetCore")
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(section.GetValue(nameof(TelemetryOptions.TraceSampling), new TelemetryOptions().TraceSampling))))
                .AddOtlpExporter(o => o.Endpoint = endpoint));
        }

        return services;
    }
}

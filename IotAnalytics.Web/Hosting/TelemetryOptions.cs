using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Web.Hosting;

/// <summary>Section <c>Telemetry</c>. Prometheus text at <c>/metrics</c> is always there; this is what is sent.</summary>
public sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>OTLP endpoint (gRPC) to which traces and metrics are sent, for example <c>http://collector:4317</c>. Default none: nothing is sent.</summary>
    [Url(ErrorMessage = "accepted: an http or https address")]
    public string? OtlpEndpoint { get; set; }

    /// <summary>Share of traces that are kept, 0 to 1. Default 0.1.</summary>
    [Range(0.0, 1.0)]
    public double TraceSampling { get; set; } = 0.1;
}

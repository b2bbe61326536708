using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Core.Ingestion;

/// <summary>Section <c>Limits</c>: what one request, and one key, may send.</summary>
public sealed class LimitsOptions
{
    public const string Section = "Limits";

    /// <summary>Bytes of a request's body, 1 KiB to 64 MiB; a larger one is answered with 413. Default 900,000,
    /// which a Kafka broker with default settings also takes as one record.</summary>
    [Range(1_024, 67_108_864)]
    public int MaxBodyBytes { get; set; } = 900_000;

    /// <summary>Readings of a request, 1 to 65,536; more are answered with 422. Default 5,000.</summary>
    [Range(1, 65_536)]
    public int MaxReadingsPerRequest { get; set; } = 5_000;

    /// <summary>Nesting accepted in a reading, 1 to 64. Default 16.</summary>
    [Range(1, 64)]
    public int MaxJsonDepth { get; set; } = 16;

    /// <summary>Requests of one key in a minute, 0 to 10,000,000; more are answered with 429; 0 is no limit. Default 6,000.</summary>
    [Range(0, 10_000_000)]
    public int RequestsPerMinutePerKey { get; set; } = 6_000;

    /// <summary>Requests of one address (of IPv6: one /64 network) that may be refused for a wrong key in a minute, and as many for none, 0 to 1,000,000;
    /// more are answered with 429 without looking at the key, unless it was good from there before; 0 is no limit. Default 300.</summary>
    [Range(0, 1_000_000)]
    public int RefusalsPerMinutePerAddress { get; set; } = 300;
}

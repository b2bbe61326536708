using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Section <c>Pipeline</c>.</summary>
public sealed class PipelineOptions
{
    public const string Section = "Pipeline";

    /// <summary>Rows at which a micro-batch closes; a record is never split. 1 to 65,536. Default 8,192.</summary>
    [Range(1, 65_536)]
    public int MicroBatchRows { get; set; } = 8_192;

    /// <summary>Bytes of rows that may wait to be encoded, 1 MiB to 4 GiB. Default 64 MiB.</summary>
    [Range(1_048_576, 4_294_967_296)]
    public long MaxBufferedBytes { get; set; } = 67_108_864;

    /// <summary>How far an event time may be ahead of its record time. 0 to 1 day. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MaxFutureSkew { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How far an event time may be behind its record time before the reading is flagged late. 0 to 365 days. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan LateAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Dead letters written to the database per partition and minute of record time; the rest is counted and lies in bronze. 1 to 10,000,000. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int DeadLettersPerMinute { get; set; } = 100_000;
}

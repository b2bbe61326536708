using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Instruments of the pipeline.</summary>
internal static class PipelineMetrics
{
    public static readonly Counter<long> Readings = IotMeter.Instance.CreateCounter<long>(
        "iot.pipeline.readings", "{reading}", "Items committed, by outcome: normal, anomaly, duplicate, dead_letter.");

    public static readonly Counter<long> DeadLetters = IotMeter.Instance.CreateCounter<long>(
        "iot.pipeline.dead_letters", "{item}", "Dead letters committed, by reason.");

    public static readonly Histogram<int> BatchRows = IotMeter.Instance.CreateHistogram<int>("iot.pipeline.batch.rows", "{row}", "Rows of a micro-batch.");

    public static readonly Histogram<double> BatchSeconds = IotMeter.Instance.CreateHistogram<double>(
        "iot.pipeline.batch.duration", "s", "From the parse of a micro-batch to the hand-over to the sinks.");

    public static readonly Histogram<double> VisibleSeconds = IotMeter.Instance.CreateHistogram<double>(
        "iot.pipeline.visible.duration", "s", "From the record time to the commit that shows the reading.");

    public static readonly Counter<long> Fenced = IotMeter.Instance.CreateCounter<long>("iot.pipeline.fenced", "{commit}", "Commits refused because a newer claim exists.");

    public static readonly Counter<long> LostRecords = IotMeter.Instance.CreateCounter<long>(
        "iot.pipeline.records_lost", "{record}", "Records that the log no longer had when they were to go into the lake, by partition; table lost_range has the offsets.");

    public static readonly Counter<long> Retries = IotMeter.Instance.CreateCounter<long>(
        "iot.pipeline.retries", "{try}", "Failed tries that were repeated, by target: database, store.");

    public static readonly Counter<double> PausedSeconds = IotMeter.Instance.CreateCounter<double>("iot.pipeline.paused", "s", "Time a partition waited for a sink.");
}

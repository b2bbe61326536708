using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.CommitLog;

/// <summary>What the commit log counts.</summary>
internal static class CommitLogMeters
{
    public static readonly Counter<long> Records = IotMeter.Instance.CreateCounter<long>("iot.log.records", "{record}", "Records appended and durable.");
    public static readonly Counter<long> Bytes = IotMeter.Instance.CreateCounter<long>("iot.log.appended", "By", "Bytes of records appended and durable.");
    public static readonly Counter<long> Refused = IotMeter.Instance.CreateCounter<long>("iot.log.refused", "{append}", "Appends refused, by reason (full, too_large, unavailable).");
    public static readonly Counter<long> TrimmedRecords = IotMeter.Instance.CreateCounter<long>("iot.log.trimmed", "{record}", "Records deleted below the trim offset.");
    public static readonly Histogram<double> CommitSeconds = IotMeter.Instance.CreateHistogram<double>("iot.log.commit", "s", "A group commit, from its first record to the fsync.");
    public static readonly Histogram<long> GroupAppends = IotMeter.Instance.CreateHistogram<long>("iot.log.group", "{append}", "Appends in one group commit.");
    public static readonly Histogram<double> CheckpointSeconds = IotMeter.Instance.CreateHistogram<double>("iot.log.checkpoint", "s", "Moving the write-ahead log into the file.");
}

using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.Lake;

/// <summary>Instruments of the lake.</summary>
internal static class LakeMeter
{
    private static readonly Histogram<long> CutRows = IotMeter.Instance.CreateHistogram<long>("iot.lake.cut.rows", "{row}", "Rows of a cut, all tables.");
    private static readonly Histogram<long> CutBytes = IotMeter.Instance.CreateHistogram<long>("iot.lake.cut.size", "By", "Encoded bytes of a cut.");
    private static readonly Histogram<double> PublishSeconds = IotMeter.Instance.CreateHistogram<double>("iot.lake.publish.duration", "s", "Duration of a publication that wrote versions.");
    private static readonly Counter<long> Versions = IotMeter.Instance.CreateCounter<long>("iot.lake.versions", "{version}", "Delta versions published.");

    public static Counter<long> PublishFailures { get; } =
        IotMeter.Instance.CreateCounter<long>("iot.lake.publish.failures", "{failure}", "Publications that failed and were tried again.");

    public static Counter<long> StoreRetries { get; } =
        IotMeter.Instance.CreateCounter<long>("iot.lake.store.retries", "{retry}", "Requests to the store that failed and were repeated, by operation.");

    public static void RecordCut(long rows, long bytes)
    {
        CutRows.Record(rows);
        CutBytes.Record(bytes);
    }

    public static void RecordPublish(int versions, TimeSpan duration)
    {
        Versions.Add(versions);
        PublishSeconds.Record(duration.TotalSeconds);
    }
}

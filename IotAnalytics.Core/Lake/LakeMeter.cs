using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.Lake;

/// <summary>Instruments of the lake.</summary>
internal static class LakeMeter
{
    private static readonly Histogram<long> CutRows = IotMeter.Instance.CreateHistogram<long>("iot.lake.cut.rows", "{row}", "Rows of a cut, all tables.");
    private static readonly Histogram<long> CutBytes = IotMeter.Instance.CreateHistogram<long>("iot.lake.cut.size", "By", "Encoded bytes of a cut.");

    public static void RecordCut(long rows, long bytes)
    {
        CutRows.Record(rows);
        CutBytes.Record(bytes);
    }
}

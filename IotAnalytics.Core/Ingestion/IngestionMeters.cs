using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.Ingestion;

/// <summary>What ingestion counts.</summary>
internal static class IngestionMeters
{
    public static readonly Counter<long> Accepted = IotMeter.Instance.CreateCounter<long>("iot.ingestion.accepted", "{reading}", "Readings accepted and durable.");
    public static readonly Counter<long> Rejected = IotMeter.Instance.CreateCounter<long>("iot.ingestion.rejected", "{reading}", "Bad readings in requests, by reason.");
    public static readonly Counter<long> Refused = IotMeter.Instance.CreateCounter<long>("iot.ingestion.refused", "{request}", "Requests refused as a whole, by kind; nothing of them was stored.");
    public static readonly Counter<long> Repeated = IotMeter.Instance.CreateCounter<long>("iot.ingestion.repeated", "{request}", "Requests answered from an earlier one with the same key.");
    public static readonly Counter<long> Bytes = IotMeter.Instance.CreateCounter<long>("iot.ingestion.accepted.size", "By", "Bytes of accepted bodies.");
    public static readonly Histogram<double> AppendSeconds = IotMeter.Instance.CreateHistogram<double>("iot.ingestion.append", "s", "From the end of the validation until the body is durable.");
}

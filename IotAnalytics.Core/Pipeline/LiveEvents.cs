using System.Buffers;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.Metrics;

namespace IotAnalytics.Core.Pipeline;

/// <summary>The JSON of live events; the same names as the REST API uses.</summary>
internal static class LiveEvents
{
    public static LiveEvent Of(PartitionClaim claim, PendingAnomaly a) => new("anomaly", Write(json =>
    {
        json.WriteString("id", $"{claim.SourceId}-{claim.Partition}-{a.Offset}-{a.Item}");
        json.WriteString("sensor_id", a.SensorId);
        json.WriteString("event_time", DateTimeOffset.FromUnixTimeMilliseconds(a.EventMs).UtcDateTime);
        json.WriteNumber("anomaly_score", a.Score);
        json.WriteNumber("threshold", a.Detail.Threshold);
        json.WriteNumber("rarity", a.Detail.Rarity);
        json.WriteString("severity", a.Detail.Severity);
        json.WriteString("top_measurement", a.Detail.TopMeasurement);
        json.WritePropertyName("measurements");
        json.WriteRawValue(a.MeasurementsJson);
        json.WritePropertyName("explanation");
        json.WriteRawValue(a.Detail.ExplanationJson);
    }));

    public static LiveEvent Of(PipelineTotals totals) => new("totals", Write(json =>
    {
        json.WriteNumber("readings", totals.Readings);
        json.WriteNumber("normal", totals.Normal);
        json.WriteNumber("anomalies", totals.Anomalies);
        json.WriteNumber("dead_letters", totals.DeadLetters);
        json.WriteNumber("duplicates", totals.Duplicates);
    }));

    private static string Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}

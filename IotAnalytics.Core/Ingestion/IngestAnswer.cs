using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Core.Ingestion;

/// <summary>The JSON that answers an accepted request:
/// <c>{"accepted":n,"rejected":[{"index","field","reason","detail"}],"rejected_total":n,"position":"0-123"}</c>;
/// with several records <c>position</c> lists them, separated by commas.</summary>
internal static class IngestAnswer
{
    /// <summary>Everything but the position, which is known after the append.</summary>
    public static string WithoutPosition(int accepted, IReadOnlyList<RejectedReading> rejected, int rejectedTotal)
    {
        if (rejectedTotal == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{{\"accepted\":{accepted},\"rejected\":[],\"rejected_total\":0}}");
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("accepted", accepted);
            json.WriteStartArray("rejected");
            foreach (var reading in rejected)
            {
                json.WriteStartObject();
                json.WriteNumber("index", reading.Index);
                json.WriteString("field", reading.Field);
                json.WriteString("reason", reading.Reason);
                json.WriteString("detail", reading.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("rejected_total", rejectedTotal);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static string WithPosition(string answer, IReadOnlyList<LogPosition> positions) =>
        $"{answer.AsSpan(0, answer.Length - 1)},\"position\":\"{string.Join(',', positions)}\"}}";
}

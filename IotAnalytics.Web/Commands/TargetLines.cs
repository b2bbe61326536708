using System.Buffers.Text;
using System.Text.Json;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Web.Commands;

/// <summary>The lines of a body that go to one partition, bytes unchanged and in order.</summary>
internal readonly record struct TargetRecord(int Partition, int Readings, byte[] Value);

/// <summary>An NDJSON body divided by its sensors' partitions. A line without a readable sensor id goes to partition 0, where the host refuses it.</summary>
/// <param name="OnlySensor">The sensor id when the body is one reading.</param>
internal sealed record TargetLines(List<TargetRecord> Records, byte[]? OnlySensor, long? NewestEventMs)
{
    private const int MaxIdBytes = 1_024;

    public static TargetLines Read(ReadOnlySpan<byte> body, int partitions)
    {
        var values = new MemoryStream?[partitions];
        var counts = new int[partitions];
        var readings = 0;
        byte[]? sensor = null;
        long? newest = null;
        Span<byte> buffer = stackalloc byte[MaxIdBytes];
        while (!body.IsEmpty)
        {
            var end = body.IndexOf((byte)'\n');
            var line = end < 0 ? body : body[..end];
            body = end < 0 ? [] : body[(end + 1)..];
            if (line.IsEmpty)
            {
                continue;
            }

            var id = buffer[..Parse(line, buffer, ref newest)];
            var partition = id.IsEmpty ? 0 : Partitioner.Murmur2(id, partitions);
            var value = values[partition] ??= new MemoryStream();
            value.Write(line);
            value.WriteByte((byte)'\n');
            counts[partition]++;
            sensor = ++readings == 1 && !id.IsEmpty ? id.ToArray() : null;
        }

        var records = new List<TargetRecord>();
        for (var p = 0; p < partitions; p++)
        {
            if (values[p] is { } value)
            {
                records.Add(new TargetRecord(p, counts[p], value.ToArray()));
            }
        }

        return new TargetLines(records, sensor, newest);
    }

    private static int Parse(ReadOnlySpan<byte> line, Span<byte> id, ref long? newest)
    {
        var length = 0;
        try
        {
            var json = new Utf8JsonReader(line);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isId = json.ValueTextEquals("sensor_id"u8);
                var isTime = json.ValueTextEquals("timestamp"u8);
                json.Read();
                if (isId && json.TokenType == JsonTokenType.String && json.ValueSpan.Length <= MaxIdBytes)
                {
                    length = json.CopyString(id);
                }
                else if (isTime && EventMs(json.TokenType, json.ValueSpan) is { } at)
                {
                    newest = Math.Max(newest ?? at, at);
                }

                json.Skip();
            }

            return length;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return 0;
        }
    }

    private static long? EventMs(JsonTokenType type, ReadOnlySpan<byte> text) => type switch
    {
        JsonTokenType.String when EventTime.TryParse(text, out var ms) => ms,
        JsonTokenType.Number when Utf8Parser.TryParse(text, out long ms, out var used) && used == text.Length => ms,
        _ => null,
    };
}

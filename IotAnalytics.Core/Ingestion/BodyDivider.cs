using System.Buffers;
using System.Text.Json;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Ingestion;

/// <summary>
/// Divides a judged body into one NDJSON record per partition, the bytes of each reading unchanged, so that a sensor's readings stay in one partition
/// and in order. The readings' bounds come from the parser's result: what it calls one item here is one item there.
/// </summary>
internal static class BodyDivider
{
    // A good reading is syntactically sound and not too deep; this only finds its end.
    private static readonly JsonReaderOptions OneValue = new() { MaxDepth = int.MaxValue, AllowMultipleValues = true };

    /// <summary>The records, their bytes in a buffer rented from <see cref="ArrayPool{T}.Shared"/> that the caller gives back after the append.</summary>
    /// <param name="batch">The judged body: one record, at least one row, its dead letters by item.</param>
    public static List<LogRecord> Divide(MicroBatch batch, int partitions, long recordTimeMs, out byte[] buffer)
    {
        var body = batch.Records.Value(0);
        var bodyStart = batch.Records[0].ValueStart;
        var count = batch.RowCount + batch.DeadLetters.Count;
        var items = new Item[count];
        var sizes = new int[partitions];
        var fallback = PartitionOf(batch, 0, partitions);
        var (at, row, letter) = (0, 0, 0);
        for (var i = 0; i < count; i++)
        {
            if (letter < batch.DeadLetters.Count && batch.DeadLetters[letter].Item == i)
            {
                // A bad reading belongs to no sensor; it goes where the first good one goes.
                var bad = batch.DeadLetters[letter++];
                items[i] = new Item(bad.PayloadStart - bodyStart, bad.PayloadLength, fallback);
            }
            else
            {
                var start = at + body[at..].IndexOf((byte)'{');
                items[i] = new Item(start, LengthOf(body[start..]), PartitionOf(batch, row++, partitions));
            }

            at = items[i].Start + items[i].Length;
            sizes[items[i].Partition] += items[i].Length + 1;
        }

        buffer = ArrayPool<byte>.Shared.Rent(body.Length + count);
        var records = new List<LogRecord>();
        var ends = new int[partitions];
        var next = 0;
        for (var p = 0; p < partitions; p++)
        {
            ends[p] = next;
            if (sizes[p] > 0)
            {
                records.Add(new LogRecord(p, recordTimeMs, buffer.AsMemory(next, sizes[p])));
                next += sizes[p];
            }
        }

        foreach (var item in items)
        {
            var end = ends[item.Partition];
            body.Slice(item.Start, item.Length).CopyTo(buffer.AsSpan(end));
            buffer[end + item.Length] = (byte)'\n';
            ends[item.Partition] = end + item.Length + 1;
        }

        return records;
    }

    private static int PartitionOf(MicroBatch batch, int row, int partitions) => Partitioner.Murmur2(batch.SensorId(row), partitions);

    private static int LengthOf(ReadOnlySpan<byte> fromValue)
    {
        var reader = new Utf8JsonReader(fromValue, OneValue);
        reader.Read();
        reader.Skip();
        return (int)reader.BytesConsumed;
    }

    private readonly record struct Item(int Start, int Length, int Partition);
}

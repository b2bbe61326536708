using System.Buffers;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Ingestion;

/// <summary>
/// Divides a judged body into one NDJSON record per partition, the bytes of each reading unchanged, so that a sensor's readings stay in one partition
/// and in order. The bad readings, which belong to no sensor, follow behind the good ones of the first good one's partition: in front, one that
/// begins with <c>[</c> would turn the record into an array.
/// </summary>
internal static class BodyDivider
{
    /// <summary>The records, their bytes in a buffer rented from <see cref="ArrayPool{T}.Shared"/> that the caller gives back after the append.</summary>
    /// <param name="batch">The judged body: one record, at least one row.</param>
    public static List<LogRecord> Divide(MicroBatch batch, int partitions, long recordTimeMs, out byte[] buffer)
    {
        var items = new Item[batch.RowCount + batch.DeadLetters.Count];
        var sizes = new int[partitions];
        for (var row = 0; row < batch.RowCount; row++)
        {
            items[row] = new Item(batch.ItemStart[row], batch.ItemLength[row], Partitioner.Murmur2(batch.SensorId(row), partitions));
            sizes[items[row].Partition] += items[row].Length + 1;
        }

        for (var i = 0; i < batch.DeadLetters.Count; i++)
        {
            items[batch.RowCount + i] = new Item(batch.DeadLetters[i].PayloadStart, batch.DeadLetters[i].PayloadLength, items[0].Partition);
            sizes[items[0].Partition] += batch.DeadLetters[i].PayloadLength + 1;
        }

        buffer = ArrayPool<byte>.Shared.Rent(sizes.Sum());
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
            batch.Records.Buffer.AsSpan(item.Start, item.Length).CopyTo(buffer.AsSpan(end));
            buffer[end + item.Length] = (byte)'\n';
            ends[item.Partition] = end + item.Length + 1;
        }

        return records;
    }

    private readonly record struct Item(int Start, int Length, int Partition);
}

using IotAnalytics.Core.Lake.Files;
using Parquet;

namespace IotAnalytics.Core.Lake.Queries;

/// <summary>Finds a sensor's rows in one file: ids and times first, the other columns only where something was found.</summary>
internal sealed class SensorFileScan(ILakeStore store, LakeTable table, string key, ReadingWindow window)
{
    public async Task RunAsync(SmallestReadings into, CancellationToken cancellationToken)
    {
        await using var file = await LakeFileReader.OpenAsync(store, key, cancellationToken).ConfigureAwait(false);
        for (var group = 0; group < file.RowGroups; group++)
        {
            using var reader = file.Group(group);
            if (MayHold(file, reader))
            {
                await ScanAsync(file, reader, group, into, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private bool MayHold(LakeFileReader file, ParquetRowGroupReader reader)
    {
        var ids = reader.GetStatistics(file.Field("sensor_id")!);
        if (ids is { MinValue: string lowest, MaxValue: string highest }
            && System.Text.Ascii.IsValid(lowest) && System.Text.Ascii.IsValid(highest)
            && (string.CompareOrdinal(window.SensorId, lowest) < 0 || string.CompareOrdinal(window.SensorId, highest) > 0))
        {
            return false;
        }

        var times = reader.GetStatistics(file.Field("event_time")!);
        return times is not { MinValue: DateTime earliest, MaxValue: DateTime latest } || (Ms(earliest) < window.ToMs && Ms(latest) >= window.FromMs);
    }

    private async Task ScanAsync(LakeFileReader file, ParquetRowGroupReader reader, int group, SmallestReadings into, CancellationToken cancellationToken)
    {
        var rows = checked((int)reader.RowCount);
        var (ids, times) = (new ReadOnlyMemory<char>[rows], new DateTime[rows]);
        await reader.ReadAsync(file.Field("sensor_id")!, ids.AsMemory(), cancellationToken: cancellationToken).ConfigureAwait(false);
        await reader.ReadAsync(file.Field("event_time")!, times.AsMemory(), cancellationToken: cancellationToken).ConfigureAwait(false);
        var matches = new List<int>();
        for (var row = 0; row < rows; row++)
        {
            var time = Ms(times[row]);
            if (time >= window.FromMs && time < window.ToMs && ids[row].Span.SequenceEqual(window.SensorId))
            {
                matches.Add(row);
            }
        }

        if (matches.Count == 0)
        {
            return;
        }

        var measurements = file.Columns.Where(c => !LakeSchema.ReservedNames.Contains(c)).Order(StringComparer.Ordinal).ToArray();
        var schema = LakeSchema.Of(table, measurements);
        var buffer = new RowBuffer(schema);
        await file.ReadAsync(group, buffer, new ReadScratch(), cancellationToken).ConfigureAwait(false);
        foreach (var row in matches)
        {
            Add(buffer, row, measurements, into);
        }
    }

    private void Add(RowBuffer rows, int row, string[] measurements, SmallestReadings into)
    {
        var key = new ReadingKey(rows.Times(6).Values[row], rows.Ints(0).Values[row], rows.Ints(1).Values[row], rows.Longs(2).Values[row], rows.Ints(3).Values[row]);
        if ((window.After is { } after && key.CompareTo(after) <= 0) || into.IsBeyond(key))
        {
            return;
        }

        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var i = 0; i < measurements.Length; i++)
        {
            var value = rows.Doubles(9 + i).Values[row];
            if (!double.IsNaN(value))
            {
                values[measurements[i]] = value;
            }
        }

        var tail = 9 + measurements.Length;
        var isAnomaly = table.Name == "gold";
        var score = rows.Doubles(tail + 1).Values[row];
        into.Add(new SensorReading(
            key.SourceId, key.Partition, key.RecordOffset, key.Item, window.SensorId, rows.Texts(5).Values[row]!, key.EventMs, rows.Times(7).Values[row],
            rows.Ints(8).Values[row], values, rows.Texts(tail).Values[row], double.IsNaN(score) ? null : score, isAnomaly,
            isAnomaly ? rows.Doubles(tail + 2).Values[row] : null, isAnomaly ? rows.Texts(tail + 4).Values[row] : null,
            isAnomaly ? rows.Texts(tail + 5).Values[row] : null));
    }

    private static long Ms(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;
}

using IotAnalytics.Core.Lake.Files.Format;
using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>Unix milliseconds; <see cref="long.MinValue"/> is NULL.</summary>
internal sealed class TimestampColumn(LakeColumn column) : ColumnBuffer(column)
{
    private long[] _values = [];

    public Span<long> Values => _values;

    public override int RowBytes => sizeof(long);

    public override void EnsureCapacity(int rows) => Array.Resize(ref _values, rows);

    public override void Clear(int rows)
    {
    }

    public override async Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, ReadScratch scratch, CancellationToken cancellationToken)
    {
        var times = scratch.Times(rows);
        var levels = scratch.Levels(rows);
        await ReadLevelsAsync<DateTime>(reader, field ?? throw Missing(), times, levels, rows, cancellationToken).ConfigureAwait(false);
        for (var (row, next) = (0, 0); row < rows; row++)
        {
            _values[row] = levels[row] == 0 ? long.MinValue : (times[next++].Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;
        }
    }

    public override void Copy(ColumnBuffer source, int from, int to, int rows) => ((TimestampColumn)source).Values.Slice(from, rows).CopyTo(_values.AsSpan(to));

    public override void Write(ColumnChunkWriter chunk, int rows, ColumnStatistics statistics)
    {
        var values = _values.AsSpan(0, rows);
        var count = rows - values.Count(long.MinValue);
        statistics.NullCount += rows - count;
        if (Column.Nullable)
        {
            var present = chunk.Present(rows);
            for (var i = 0; i < values.Length; i++)
            {
                present[i] = values[i] != long.MinValue;
            }

            chunk.WriteLevels(present, count);
        }
        else if (count < rows)
        {
            throw new InvalidOperationException($"{Column.Name} of a reading is missing.");
        }

        var room = chunk.Room<long>(count);
        var (min, max) = (long.MaxValue, long.MinValue);
        var next = 0;
        foreach (var value in values)
        {
            if (value != long.MinValue)
            {
                room[next++] = value;
                min = Math.Min(min, value);
                max = Math.Max(max, value);
            }
        }

        chunk.Take<long>(count);
        if (count > 0)
        {
            statistics.AddLongs(min, max);
            chunk.SetBounds(min, max);
        }
    }
}

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

    public override async Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, EncodeScratch scratch, CancellationToken cancellationToken)
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

    public override Task WriteAsync(
        ParquetRowGroupWriter writer, DataField field, int rows, EncodeScratch scratch, ColumnStatistics statistics, CancellationToken cancellationToken)
    {
        var times = scratch.Times(rows);
        var levels = scratch.Levels(rows);
        var present = 0;
        var (min, max) = (long.MaxValue, long.MinValue);
        for (var i = 0; i < rows; i++)
        {
            var value = _values[i];
            var isPresent = value != long.MinValue;
            levels[i] = isPresent ? 1 : 0;
            if (isPresent)
            {
                times[present++] = DateTime.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMillisecond);
                min = Math.Min(min, value);
                max = Math.Max(max, value);
            }
        }

        statistics.NullCount += rows - present;
        if (present > 0)
        {
            statistics.AddLongs(min, max);
        }

        if (!Column.Nullable && present < rows)
        {
            throw new InvalidOperationException($"{Column.Name} of a reading is missing.");
        }

        return writer.WriteAllPartsAsync<DateTime>(
            field, times.AsMemory(0, present), LevelsOf(levels, rows), null, cancellationToken);
    }
}

using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>Doubles; NaN is NULL and never reaches a file; −0 is stored as 0, so that bounds hold in every order.</summary>
internal sealed class DoubleColumn(LakeColumn column) : ColumnBuffer(column)
{
    private double[] _values = [];

    public Span<double> Values => _values;

    public override int RowBytes => sizeof(double);

    public override void EnsureCapacity(int rows) => Array.Resize(ref _values, rows);

    public override void Clear(int rows)
    {
    }

    public override async Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, EncodeScratch scratch, CancellationToken cancellationToken)
    {
        if (field is null)
        {
            _values.AsSpan(0, rows).Fill(double.NaN);
            return;
        }

        var doubles = scratch.Doubles(rows);
        var levels = scratch.Levels(rows);
        await ReadLevelsAsync<double>(reader, field, doubles, levels, rows, cancellationToken).ConfigureAwait(false);
        for (var (row, next) = (0, 0); row < rows; row++)
        {
            _values[row] = levels[row] == 0 ? double.NaN : doubles[next++];
        }
    }

    public override void Copy(ColumnBuffer source, int from, int to, int rows) => ((DoubleColumn)source).Values.Slice(from, rows).CopyTo(_values.AsSpan(to));

    public override Task WriteAsync(
        ParquetRowGroupWriter writer, DataField field, int rows, EncodeScratch scratch, ColumnStatistics statistics, CancellationToken cancellationToken)
    {
        var doubles = scratch.Doubles(rows);
        var levels = scratch.Levels(rows);
        var present = 0;
        var (min, max) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < rows; i++)
        {
            // −0 + 0 = 0.
            var value = _values[i] + 0.0;
            doubles[present] = value;
            if (double.IsNaN(value))
            {
                levels[i] = 0;
                continue;
            }

            levels[i] = 1;
            present++;
            min = value < min ? value : min;
            max = value > max ? value : max;
        }

        statistics.NullCount += rows - present;
        if (present > 0)
        {
            statistics.AddDoubles(min, max);
        }

        if (!Column.Nullable && present < rows)
        {
            throw new InvalidOperationException($"{Column.Name} of an anomaly is not a number.");
        }

        return writer.WriteAllPartsAsync<double>(
            field, doubles.AsMemory(0, present), LevelsOf(levels, rows), null, cancellationToken);
    }
}

using IotAnalytics.Core.Lake.Files.Format;
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

    public override async Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, ReadScratch scratch, CancellationToken cancellationToken)
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

    public override void Write(ColumnChunkWriter chunk, int rows, ColumnStatistics statistics)
    {
        var values = _values.AsSpan(0, rows);
        var present = chunk.Present(rows);
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            present[i] = !double.IsNaN(values[i]);
            count += present[i] ? 1 : 0;
        }

        statistics.NullCount += rows - count;
        if (Column.Nullable)
        {
            chunk.WriteLevels(present, count);
        }
        else if (count < rows)
        {
            throw new InvalidOperationException($"{Column.Name} of an anomaly is not a number.");
        }

        var room = chunk.Room<double>(count);
        var (min, max) = (double.PositiveInfinity, double.NegativeInfinity);
        var next = 0;
        foreach (var given in values)
        {
            if (!double.IsNaN(given))
            {
                // −0 + 0 = 0.
                var value = given + 0.0;
                room[next++] = value;
                min = value < min ? value : min;
                max = value > max ? value : max;
            }
        }

        chunk.Take<double>(count);
        if (count > 0)
        {
            statistics.AddDoubles(min, max);
            chunk.SetBounds(min, max);
        }
    }
}

using System.Runtime.InteropServices;
using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>
/// The values of one column of an open row group. Filled by one thread, then encoded by another, then reused: the arrays stay.
/// </summary>
internal abstract class ColumnBuffer(LakeColumn column)
{
    public LakeColumn Column { get; } = column;

    /// <summary>Makes room for <paramref name="rows"/> rows, keeping what is there.</summary>
    public abstract void EnsureCapacity(int rows);

    /// <summary>Forgets the values (also those held by reference).</summary>
    public abstract void Clear(int rows);

    /// <summary>Bytes of a row in memory, for bounding row groups; values of changing length are added by <see cref="RowBuffer"/>.</summary>
    public abstract int RowBytes { get; }

    /// <summary>Writes the rows as a column chunk and adds them to the statistics.</summary>
    public abstract Task WriteAsync(
        ParquetRowGroupWriter writer, DataField field, int rows, EncodeScratch scratch, ColumnStatistics statistics, CancellationToken cancellationToken);

    /// <summary>Definition levels for an optional column; a required one has none.</summary>
    protected ReadOnlyMemory<int>? LevelsOf(int[] levels, int rows)
    {
        ReadOnlyMemory<int> filled = levels.AsMemory(0, rows);
        return Column.Nullable ? filled : (ReadOnlyMemory<int>?)null;
    }
}

/// <summary>32-bit integers.</summary>
internal sealed class IntColumn(LakeColumn column) : ColumnBuffer(column)
{
    private int[] _values = [];

    public Span<int> Values => _values;

    public override int RowBytes => sizeof(int);

    public override void EnsureCapacity(int rows) => Array.Resize(ref _values, rows);

    public override void Clear(int rows)
    {
    }

    public override Task WriteAsync(
        ParquetRowGroupWriter writer, DataField field, int rows, EncodeScratch scratch, ColumnStatistics statistics, CancellationToken cancellationToken)
    {
        var (min, max) = ValueRange.Of<int>(_values.AsSpan(0, rows));
        statistics.AddLongs(min, max);
        return writer.WriteAllPartsAsync<int>(field, _values.AsMemory(0, rows), null, null, cancellationToken);
    }
}

/// <summary>64-bit integers.</summary>
internal sealed class LongColumn(LakeColumn column) : ColumnBuffer(column)
{
    private long[] _values = [];

    public Span<long> Values => _values;

    public override int RowBytes => sizeof(long);

    public override void EnsureCapacity(int rows) => Array.Resize(ref _values, rows);

    public override void Clear(int rows)
    {
    }

    public override Task WriteAsync(
        ParquetRowGroupWriter writer, DataField field, int rows, EncodeScratch scratch, ColumnStatistics statistics, CancellationToken cancellationToken)
    {
        var (min, max) = ValueRange.Of<long>(_values.AsSpan(0, rows));
        statistics.AddLongs(min, max);
        return writer.WriteAllPartsAsync<long>(field, _values.AsMemory(0, rows), null, null, cancellationToken);
    }
}

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

/// <summary>Strings by reference; null is NULL.</summary>
internal sealed class TextColumn(LakeColumn column) : ColumnBuffer(column)
{
    private string?[] _values = [];

    public Span<string?> Values => _values;

    public override int RowBytes => 16;

    public override void EnsureCapacity(int rows) => Array.Resize(ref _values, rows);

    public override void Clear(int rows) => Array.Clear(_values, 0, rows);

    public override Task WriteAsync(
        ParquetRowGroupWriter writer, DataField field, int rows, EncodeScratch scratch, ColumnStatistics statistics, CancellationToken cancellationToken)
    {
        var texts = scratch.Texts(rows);
        var levels = scratch.Levels(rows);
        var present = 0;
        string? min = null, max = null;
        for (var i = 0; i < rows; i++)
        {
            var value = _values[i];
            if (value is null)
            {
                levels[i] = 0;
                continue;
            }

            levels[i] = 1;
            texts[present++] = value.AsMemory();
            if (Column.Statistics)
            {
                if (min is null)
                {
                    min = max = value;
                    MarkUnlessAscii(value, statistics);
                }
                else if (!ReferenceEquals(value, min) && !ReferenceEquals(value, max))
                {
                    min = string.CompareOrdinal(value, min) < 0 ? value : min;
                    max = string.CompareOrdinal(value, max) > 0 ? value : max;
                    MarkUnlessAscii(value, statistics);
                }
            }
        }

        statistics.NullCount += rows - present;
        if (min is not null)
        {
            statistics.AddText(min, max!);
        }

        if (!Column.Nullable && present < rows)
        {
            throw new InvalidOperationException($"{Column.Name} of a reading is missing.");
        }

        return writer.WriteAllPartsAsync<ReadOnlyMemory<char>>(
            field, texts.AsMemory(0, present), LevelsOf(levels, rows), null, cancellationToken);
    }

    // UTF-16 and UTF-8 order differ beyond ASCII, and readers compare bytes.
    private static void MarkUnlessAscii(string value, ColumnStatistics statistics)
    {
        if (!System.Text.Ascii.IsValid(value))
        {
            statistics.MarkUnordered();
        }
    }
}

/// <summary>Byte strings, copied one after another into one array.</summary>
internal sealed class BinaryColumn(LakeColumn column) : ColumnBuffer(column)
{
    private byte[] _bytes = [];
    private int[] _ends = [];
    private bool[] _present = [];
    private int _length;

    public override int RowBytes => sizeof(int) + sizeof(bool);

    /// <summary>Bytes held.</summary>
    public int Length => _length;

    public override void EnsureCapacity(int rows)
    {
        Array.Resize(ref _ends, rows);
        Array.Resize(ref _present, rows);
    }

    /// <summary>Sets a row; rows are set in order, each once.</summary>
    public void Set(int row, ReadOnlySpan<byte> value, bool isNull)
    {
        if (!isNull)
        {
            if (_length + value.Length > _bytes.Length)
            {
                Array.Resize(ref _bytes, checked(Math.Max(_length + value.Length, Math.Max(4096, _bytes.Length * 2))));
            }

            value.CopyTo(_bytes.AsSpan(_length));
            _length += value.Length;
        }

        _present[row] = !isNull;
        _ends[row] = _length;
    }

    public override void Clear(int rows) => _length = 0;

    public override Task WriteAsync(
        ParquetRowGroupWriter writer, DataField field, int rows, EncodeScratch scratch, ColumnStatistics statistics, CancellationToken cancellationToken)
    {
        var values = scratch.Binaries(rows);
        var levels = scratch.Levels(rows);
        var present = 0;
        var start = 0;
        for (var i = 0; i < rows; i++)
        {
            levels[i] = _present[i] ? 1 : 0;
            if (_present[i])
            {
                values[present++] = _bytes.AsMemory(start, _ends[i] - start);
            }

            start = _ends[i];
        }

        statistics.NullCount += rows - present;
        return writer.WriteAllPartsAsync<ReadOnlyMemory<byte>>(
            field, values.AsMemory(0, present), LevelsOf(levels, rows), null, cancellationToken);
    }
}

/// <summary>Smallest and largest value of a span.</summary>
internal static class ValueRange
{
    public static (T Min, T Max) Of<T>(ReadOnlySpan<T> values)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        var (min, max) = (values[0], values[0]);
        ref var first = ref MemoryMarshal.GetReference(values);
        for (var i = 1; i < values.Length; i++)
        {
            var value = System.Runtime.CompilerServices.Unsafe.Add(ref first, i);
            min = value < min ? value : min;
            max = value > max ? value : max;
        }

        return (min, max);
    }
}

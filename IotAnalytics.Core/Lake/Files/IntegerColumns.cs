using System.Runtime.InteropServices;
using IotAnalytics.Core.Lake.Files.Format;
using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Files;

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

    public override Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, ReadScratch scratch, CancellationToken cancellationToken) =>
        reader.ReadAsync<int>(field ?? throw Missing(), _values.AsMemory(0, rows), cancellationToken: cancellationToken).AsTask();

    public override void Copy(ColumnBuffer source, int from, int to, int rows) => ((IntColumn)source).Values.Slice(from, rows).CopyTo(_values.AsSpan(to));

    public override void Write(ColumnChunkWriter chunk, int rows, ColumnStatistics statistics)
    {
        var values = _values.AsSpan(0, rows);
        var (min, max) = ValueRange.Of<int>(values);
        statistics.AddLongs(min, max);
        chunk.WritePlain<int>(values);
        chunk.SetBounds(min, max);
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

    public override Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, ReadScratch scratch, CancellationToken cancellationToken) =>
        reader.ReadAsync<long>(field ?? throw Missing(), _values.AsMemory(0, rows), cancellationToken: cancellationToken).AsTask();

    public override void Copy(ColumnBuffer source, int from, int to, int rows) => ((LongColumn)source).Values.Slice(from, rows).CopyTo(_values.AsSpan(to));

    public override void Write(ColumnChunkWriter chunk, int rows, ColumnStatistics statistics)
    {
        var values = _values.AsSpan(0, rows);
        var (min, max) = ValueRange.Of<long>(values);
        statistics.AddLongs(min, max);
        chunk.WritePlain<long>(values);
        chunk.SetBounds(min, max);
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

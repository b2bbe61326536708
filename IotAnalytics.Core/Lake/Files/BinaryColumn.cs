using IotAnalytics.Core.Lake.Files.Format;
using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>Byte strings, copied one after another into one array.</summary>
internal sealed class BinaryColumn(LakeColumn column) : ColumnBuffer(column)
{
    /// <summary>Beyond it the array grows by a quarter: a row group closes a little above a power of two.</summary>
    private const int DoubledBytes = 256 * 1024;

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
                var larger = _bytes.Length < DoubledBytes ? _bytes.Length * 2 : _bytes.Length + (_bytes.Length / 4);
                Array.Resize(ref _bytes, checked(Math.Max(_length + value.Length, Math.Max(4096, larger))));
            }

            value.CopyTo(_bytes.AsSpan(_length));
            _length += value.Length;
        }

        _present[row] = !isNull;
        _ends[row] = _length;
    }

    public override void Clear(int rows) => _length = 0;

    public bool IsNull(int row) => !_present[row];

    /// <summary>The bytes of a row, empty when NULL.</summary>
    public ReadOnlySpan<byte> Value(int row)
    {
        var start = row == 0 ? 0 : _ends[row - 1];
        return _bytes.AsSpan(start, _ends[row] - start);
    }

    public override async Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, ReadScratch scratch, CancellationToken cancellationToken)
    {
        var values = scratch.Binaries(rows);
        var levels = scratch.Levels(rows);
        await ReadLevelsAsync<ReadOnlyMemory<byte>>(reader, field ?? throw Missing(), values, levels, rows, cancellationToken).ConfigureAwait(false);
        _length = 0;
        for (var (row, next) = (0, 0); row < rows; row++)
        {
            Set(row, levels[row] == 0 ? default : values[next++].Span, isNull: levels[row] == 0);
        }
    }

    public override void Copy(ColumnBuffer source, int from, int to, int rows)
    {
        var binary = (BinaryColumn)source;
        for (var i = 0; i < rows; i++)
        {
            Set(to + i, binary.Value(from + i), isNull: binary.IsNull(from + i));
        }
    }

    public override void Write(ColumnChunkWriter chunk, int rows, ColumnStatistics statistics)
    {
        if (Column.Nullable)
        {
            var present = _present.AsSpan(0, rows);
            var values = present.Count(true);
            statistics.NullCount += rows - values;
            chunk.WriteLevels(present, values);
        }

        for (var i = 0; i < rows; i++)
        {
            if (_present[i])
            {
                chunk.WriteBytes(Value(i));
            }
            else if (!Column.Nullable)
            {
                throw new InvalidOperationException($"{Column.Name} of a record is missing.");
            }
        }
    }
}

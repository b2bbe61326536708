using System.Collections.Immutable;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>An open row group of one table.</summary>
internal sealed class RowBuffer
{
    /// <summary>Rows of a row group.</summary>
    public const int MaxRows = 24_576;

    /// <summary>Raw bytes at which a row group closes at the latest.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private const int FirstCapacity = 1_024;

    private readonly int _fixedRowBytes;
    private readonly int _maxBytes;
    private int _allocated;

    /// <param name="share">Of a row group's largest size, above 0 to 1: less where many partitions have buffers open.</param>
    public RowBuffer(LakeSchema schema, double share = 1)
    {
        (Schema, Share) = (schema, share);
        Columns = [.. schema.Columns.Select(Create)];
        _fixedRowBytes = Columns.Sum(c => c.RowBytes);
        _maxBytes = Math.Min((int)(MaxBytes * share), schema.RowGroupBytes);
        Capacity = Math.Clamp(_maxBytes / _fixedRowBytes, 1, (int)(MaxRows * share));
    }

    public LakeSchema Schema { get; }

    public double Share { get; }

    public ImmutableArray<ColumnBuffer> Columns { get; }

    /// <summary>Rows at which it must be handed over.</summary>
    public int Capacity { get; }

    public int Rows { get; private set; }

    /// <summary>Raw bytes held.</summary>
    public long Bytes => ((long)Rows * _fixedRowBytes) + VariableBytes;

    /// <summary>Bytes of values of changing length.</summary>
    public long VariableBytes { get; set; }

    public bool IsFull => Rows >= Capacity || Bytes >= _maxBytes;

    /// <summary>Takes up to <paramref name="wanted"/> rows at the end, to be filled by the caller at once; returns how many it got.</summary>
    public int Reserve(int wanted)
    {
        var rows = Math.Min(wanted, Capacity - Rows);
        if (Rows + rows > _allocated)
        {
            _allocated = Math.Min(Capacity, Math.Max(Rows + rows, Math.Max(FirstCapacity, _allocated * 2)));
            foreach (var column in Columns)
            {
                column.EnsureCapacity(_allocated);
            }
        }

        Rows += rows;
        return rows;
    }

    /// <summary>Empties it and makes room for a whole row group that was written elsewhere, whatever its size.</summary>
    public void Resize(int rows)
    {
        Clear();
        if (rows > _allocated)
        {
            _allocated = rows;
            foreach (var column in Columns)
            {
                column.EnsureCapacity(rows);
            }
        }

        Rows = rows;
    }

    /// <summary>Appends rows of another buffer of the same schema, as many as fit; returns how many.</summary>
    public int Append(RowBuffer source, int from, int wanted)
    {
        var first = Rows;
        var rows = Reserve(wanted);
        var before = BinaryBytes;
        for (var i = 0; i < Columns.Length; i++)
        {
            Columns[i].Copy(source.Columns[i], from, first, rows);
        }

        VariableBytes += BinaryBytes - before;
        return rows;
    }

    public void Clear()
    {
        foreach (var column in Columns)
        {
            column.Clear(Rows);
        }

        Rows = 0;
        VariableBytes = 0;
    }

    public IntColumn Ints(int column) => (IntColumn)Columns[column];

    public LongColumn Longs(int column) => (LongColumn)Columns[column];

    public TimestampColumn Times(int column) => (TimestampColumn)Columns[column];

    public DoubleColumn Doubles(int column) => (DoubleColumn)Columns[column];

    public TextColumn Texts(int column) => (TextColumn)Columns[column];

    public BinaryColumn Binaries(int column) => (BinaryColumn)Columns[column];

    private long BinaryBytes
    {
        get
        {
            var bytes = 0L;
            foreach (var column in Columns)
            {
                bytes += column is BinaryColumn binary ? binary.Length : 0;
            }

            return bytes;
        }
    }

    private static ColumnBuffer Create(LakeColumn column) => column.Type switch
    {
        LakeType.Int => new IntColumn(column),
        LakeType.Long => new LongColumn(column),
        LakeType.Timestamp => new TimestampColumn(column),
        LakeType.Double => new DoubleColumn(column),
        LakeType.Text => new TextColumn(column),
        _ => new BinaryColumn(column),
    };
}

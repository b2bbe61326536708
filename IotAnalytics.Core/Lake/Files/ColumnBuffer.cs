using IotAnalytics.Core.Lake.Files.Format;
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

    /// <summary>Gives the rows to a column chunk and adds them to the statistics.</summary>
    public abstract void Write(ColumnChunkWriter chunk, int rows, ColumnStatistics statistics);

    /// <summary>Reads a column chunk into the first rows; without a field (the file is older than the column) all are NULL.</summary>
    public abstract Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, ReadScratch scratch, CancellationToken cancellationToken);

    /// <summary>Copies rows of a column of the same type. Rows of changing length must be copied in order.</summary>
    public abstract void Copy(ColumnBuffer source, int from, int to, int rows);

    protected InvalidDataException Missing() => new($"The file has no column {Column.Name}.");

    /// <summary>Reads the values that are there, and for each row 0 where it has none.</summary>
    protected static async Task ReadLevelsAsync<T>(
        ParquetRowGroupReader reader, DataField field, T[] values, int[] levels, int rows, CancellationToken cancellationToken)
        where T : struct
    {
        if (field.MaxDefinitionLevel == 0)
        {
            await reader.ReadAsync(field, values.AsMemory(0, rows), cancellationToken: cancellationToken).ConfigureAwait(false);
            levels.AsSpan(0, rows).Fill(1);
            return;
        }

        await reader.ReadRawAsync(field, values.AsMemory(0, rows), levels.AsMemory(0, rows), null, cancellationToken).ConfigureAwait(false);
    }
}

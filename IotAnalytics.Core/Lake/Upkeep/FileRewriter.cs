using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Files.Format;

namespace IotAnalytics.Core.Lake.Upkeep;

/// <summary>Merges files whose rows follow each other into one. Streams row group by row group; the order of the rows is proved on the way.</summary>
internal sealed class FileRewriter(ILakeStore store)
{
    /// <summary>Writes the rows of the objects, in order, to a local file.</summary>
    /// <param name="measurements">The table's measurement columns; ignored for bronze.</param>
    /// <exception cref="InvalidDataException">Rows are out of order or double: nothing must be replaced by this file.</exception>
    public async Task<WrittenFile> MergeAsync(
        LakeTable table, IReadOnlyList<string> measurements, IReadOnlyList<string> keys, string path, CancellationToken cancellationToken)
    {
        var schema = LakeSchema.Of(table, measurements);
        var (input, output, scratch) = (new RowBuffer(schema), new RowBuffer(schema), new ReadScratch());
        using var chunk = new ColumnChunkWriter();
        using var writer = new LakeFileWriter(schema, path);
        var last = default(RowIdentity?);
        foreach (var key in keys)
        {
            await using var reader = await LakeFileReader.OpenAsync(store, key, cancellationToken).ConfigureAwait(false);
            if (reader.Columns.FirstOrDefault(c => !schema.Columns.Any(s => s.Name == c)) is { } unknown)
            {
                throw new InvalidDataException($"{key} has a column {unknown} that the table lacks.");
            }

            for (var group = 0; group < reader.RowGroups; group++)
            {
                await reader.ReadAsync(group, input, scratch, cancellationToken).ConfigureAwait(false);
                last = RequireRising(input, last, key);
                for (var taken = 0; taken < input.Rows;)
                {
                    taken += output.Append(input, taken, input.Rows - taken);
                    if (output.IsFull)
                    {
                        writer.Write(output, chunk);
                        output.Clear();
                    }
                }
            }
        }

        if (output.Rows > 0)
        {
            writer.Write(output, chunk);
        }

        return writer.Finish();
    }

    private static RowIdentity? RequireRising(RowBuffer rows, RowIdentity? last, string key)
    {
        for (var row = 0; row < rows.Rows; row++)
        {
            var identity = RowIdentity.Of(rows, row);
            if (last is { } before && identity.CompareTo(before) <= 0)
            {
                throw new InvalidDataException($"{key}: {identity} follows {before}.");
            }

            last = identity;
        }

        return last;
    }
}

/// <summary>Which row it is: unique and rising within a table. Bronze rows have item 0.</summary>
internal readonly record struct RowIdentity(int SourceId, int Partition, long RecordOffset, int Item) : IComparable<RowIdentity>
{
    public static RowIdentity Of(RowBuffer rows, int row) => new(
        rows.Ints(0).Values[row], rows.Ints(1).Values[row], rows.Longs(2).Values[row],
        ReferenceEquals(rows.Schema, LakeSchema.Bronze) ? 0 : rows.Ints(3).Values[row]);

    public int CompareTo(RowIdentity other) =>
        (SourceId, Partition, RecordOffset, Item).CompareTo((other.SourceId, other.Partition, other.RecordOffset, other.Item));

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{SourceId}-{Partition}-{RecordOffset}-{Item}");
}

using System.Globalization;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Files.Format;
using IotAnalytics.Core.Lake.Upkeep;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>Keeps the rows below an offset of a file that goes beyond it: a compaction may have merged across the target.</summary>
internal sealed class FileSplit(ILakeStore store, LakeSpool spool)
{
    /// <summary>Puts a file with the rows below <paramref name="below"/>; null when there are none.</summary>
    /// <param name="newKey">Never used before.</param>
    public async Task<DeltaAdd?> KeepBelowAsync(LakeTable table, DeltaAdd add, long below, string newKey, long now, CancellationToken cancellationToken)
    {
        var path = spool.NewRewritePath();
        try
        {
            var written = await WriteAsync(table, table.Key(add.Path), below, path, cancellationToken).ConfigureAwait(false);
            if (written.Rows == 0)
            {
                return null;
            }

            await store.PutFileAsync(newKey, path, cancellationToken).ConfigureAwait(false);
            return new DeltaAdd(table.RelativePath(newKey), add.PartitionValue, written.Bytes, now, DataChange: true, written.Statistics);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>The date of a partition value.</summary>
    public static DateOnly DateOf(string partitionValue) => DateOnly.ParseExact(partitionValue, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private async Task<WrittenFile> WriteAsync(LakeTable table, string key, long below, string path, CancellationToken cancellationToken)
    {
        await using var reader = await LakeFileReader.OpenAsync(store, key, cancellationToken).ConfigureAwait(false);
        var schema = LakeSchema.Of(table, reader.Columns.Where(c => !LakeSchema.ReservedNames.Contains(c)).Order(StringComparer.Ordinal));
        var (input, output, scratch) = (new RowBuffer(schema), new RowBuffer(schema), new ReadScratch());
        using var chunk = new ColumnChunkWriter();
        using var writer = new LakeFileWriter(schema, path);
        for (var group = 0; group < reader.RowGroups; group++)
        {
            await reader.ReadAsync(group, input, scratch, cancellationToken).ConfigureAwait(false);
            var kept = 0;
            while (kept < input.Rows && RowIdentity.Of(input, kept).RecordOffset < below)
            {
                kept++;
            }

            for (var taken = 0; taken < kept;)
            {
                taken += output.Append(input, taken, kept - taken);
                if (output.IsFull)
                {
                    writer.Write(output, chunk);
                    output.Clear();
                }
            }
        }

        if (output.Rows > 0)
        {
            writer.Write(output, chunk);
        }

        return writer.Finish();
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Upkeep;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>Makes the <c>lake_file</c> row of an object that the database does not know, by reading it.</summary>
internal sealed class RowRecovery(ILakeStore store, LakeSpool spool, IOptions<LakeOptions> options)
{
    private readonly LakeTables _tables = new(options.Value);

    /// <summary>Of a live file: everything but the hash is in the log.</summary>
    /// <exception cref="InvalidDataException">The object is not what the log says.</exception>
    public async Task<LakeFile> OfLiveAsync(LakeTable table, DeltaAdd add, FileRange range, long addedVersion, CancellationToken cancellationToken)
    {
        var (key, stats) = (table.Key(add.Path), add.Stats ?? throw new InvalidDataException($"{add.Path} has no statistics in the Delta log."));
        var (bytes, sha256) = await HashAsync(key, cancellationToken).ConfigureAwait(false);
        if (bytes != add.Size)
        {
            throw new InvalidDataException($"{key} has {bytes} bytes, the Delta log says {add.Size}.");
        }

        using var json = JsonDocument.Parse(stats);
        var rows = json.RootElement.GetProperty("numRecords").GetInt64();
        return Row(table, key, range, add.PartitionValue, rows, bytes, sha256, stats, addedVersion);
    }

    /// <summary>Of a file that no table names: its rows are read for the statistics.</summary>
    public async Task<LakeFile> OfStoredAsync(StoredCut cut, CancellationToken cancellationToken)
    {
        var table = _tables.ByName(cut.Table);
        var (bytes, sha256) = await HashAsync(cut.Key, cancellationToken).ConfigureAwait(false);
        var path = spool.NewRewritePath();
        try
        {
            string[] measurements;
            await using (var reader = await LakeFileReader.OpenAsync(store, cut.Key, cancellationToken).ConfigureAwait(false))
            {
                measurements = table.Name == "bronze" ? [] : [.. reader.Columns.Where(c => !LakeSchema.ReservedNames.Contains(c)).Order(StringComparer.Ordinal)];
            }

            // The writer counts while it writes; what it wrote is not kept.
            var written = await new FileRewriter(store).MergeAsync(table, measurements, [cut.Key], path, cancellationToken).ConfigureAwait(false);
            var name = cut.Name;
            var range = new FileRange(new PartitionKey(name.SourceId, name.Partition), name.FirstOffset, name.NextOffset, name.OwnerEpoch);
            var date = cut.Key.Split('/')[^2][(table.PartitionColumn.Length + 1)..];
            return Row(table, cut.Key, range, date, written.Rows, bytes, sha256, written.Statistics, addedVersion: null);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static LakeFile Row(LakeTable table, string key, FileRange range, string date, long rows, long bytes, string sha256, string? stats, long? addedVersion) => new()
    {
        ObjectKey = key,
        TableName = table.Name,
        SourceId = range.Key.SourceId,
        Partition = range.Key.Partition,
        FirstOffset = range.First,
        NextOffset = range.Next,
        OwnerEpoch = range.Epoch,
        PartitionDate = DateOnly.ParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture),
        RowCount = rows,
        ByteCount = bytes,
        Sha256 = sha256,
        Stats = stats,
        AddedVersion = addedVersion,
    };

    private async Task<(long Bytes, string Sha256)> HashAsync(string key, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenReadAsync(key, cancellationToken).ConfigureAwait(false);
        return (stream.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false)));
    }
}

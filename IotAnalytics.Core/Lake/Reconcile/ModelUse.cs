using IotAnalytics.Core.Lake.Files;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>Which model version scored which rows of a partition, as silver and gold say, and how many rows there are.</summary>
/// <param name="Changes">By offset: the first of each profile, and every one at which the version changes.</param>
internal sealed record ModelUse(IReadOnlyList<ModelChange> Changes, long Normal, long Anomalies)
{
    /// <param name="files">The files that may hold rows of [from, to).</param>
    public static async Task<ModelUse> ReadAsync(
        ILakeStore store, PartitionKey partition, IEnumerable<(LakeTable Table, string Key)> files, long from, long to, CancellationToken cancellationToken)
    {
        var (runs, counts) = (new List<ModelChange>(), new Dictionary<string, long> { ["silver"] = 0, ["gold"] = 0 });
        foreach (var (table, key) in files)
        {
            counts[table.Name] += await ScanAsync(store, partition, table, key, from, to, runs, cancellationToken).ConfigureAwait(false);
        }

        // A run's first offset is enough: where another version came in between, that one has rows in one of the two tables.
        var (changes, current) = (new List<ModelChange>(), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var run in runs.OrderBy(r => r.Offset))
        {
            if (current.GetValueOrDefault(run.Profile) != run.Version)
            {
                current[run.Profile] = run.Version;
                changes.Add(run);
            }
        }

        return new ModelUse(changes, counts["silver"], counts["gold"]);
    }

    private static async Task<long> ScanAsync(
        ILakeStore store, PartitionKey partition, LakeTable table, string key, long from, long to, List<ModelChange> runs, CancellationToken cancellationToken)
    {
        await using var file = await LakeFileReader.OpenAsync(store, key, cancellationToken).ConfigureAwait(false);
        var schema = LakeSchema.Of(table, []);
        var (rows, scratch, count) = (new RowBuffer(schema), new EncodeScratch(), 0L);
        var current = new Dictionary<string, string>(StringComparer.Ordinal);
        var (offsets, profiles, versions) = (schema.IndexOf("record_offset"), schema.IndexOf("profile"), schema.IndexOf("model_version"));
        for (var group = 0; group < file.RowGroups; group++)
        {
            using var reader = file.Group(group);
            rows.Resize(checked((int)reader.RowCount));
            foreach (var column in new[] { offsets, profiles, versions })
            {
                await rows.Columns[column].ReadAsync(reader, file.Field(schema.Columns[column].Name), rows.Rows, scratch, cancellationToken).ConfigureAwait(false);
            }

            for (var row = 0; row < rows.Rows; row++)
            {
                var offset = rows.Longs(offsets).Values[row];
                if (offset < from || offset >= to)
                {
                    continue;
                }

                count++;
                if (rows.Texts(versions).Values[row] is { } version && rows.Texts(profiles).Values[row] is { } profile && current.GetValueOrDefault(profile) != version)
                {
                    current[profile] = version;
                    runs.Add(new ModelChange(partition, offset, profile, version));
                }
            }
        }

        return count;
    }
}

/// <summary>From this record on the profile's readings were scored by this version.</summary>
internal sealed record ModelChange(PartitionKey Partition, long Offset, string Profile, string Version);

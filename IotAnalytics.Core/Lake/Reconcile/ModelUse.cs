using System.Text;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>Which model version scored which rows of a partition, as silver and gold say, and how many rows there are.</summary>
/// <param name="Changes">By offset: the first of each profile, and every one at which its models change.</param>
internal sealed record ModelUse(IReadOnlyList<ModelChange> Changes, long Normal, long Anomalies)
{
    /// <param name="files">The files that may hold rows of [from, to).</param>
    public static async Task<ModelUse> ReadAsync(
        ILakeStore store, PartitionKey partition, IReadOnlyList<(LakeTable Table, string Key)> files, long from, long to, CancellationToken cancellationToken)
    {
        var (scan, counts) = (new Scan(store, from, to), new Dictionary<string, long> { ["silver"] = 0, ["gold"] = 0 });
        var uses = new Dictionary<string, Dictionary<string, (long Offset, VersionUse Use)>>(StringComparer.Ordinal);
        foreach (var (table, key) in files)
        {
            counts[table.Name] += await scan.ReadAsync(table, key, (profile, version, offset, place) => First(uses, profile, version, offset, place), cancellationToken).ConfigureAwait(false);
        }

        // Nearly always one version scored all; only where there were more does it matter which record had which.
        var timelines = uses.Where(u => u.Value.Count > 1).ToDictionary(u => u.Key, _ => new ModelTimeline(), StringComparer.Ordinal);
        foreach (var (table, key) in timelines.Count == 0 ? [] : files)
        {
            await scan.ReadAsync(table, key, (profile, version, offset, place) => timelines.GetValueOrDefault(profile)?.Add(offset, version, place), cancellationToken).ConfigureAwait(false);
        }

        var changes = uses.Where(u => u.Value.Count == 1).Select(u => new ModelChange(partition, u.Value.Values.Single().Offset, u.Key, [u.Value.Values.Single().Use]))
            .Concat(timelines.SelectMany(t => t.Value.Changes().Select(c => new ModelChange(partition, c.Offset, t.Key, c.Versions))));
        return new ModelUse([.. changes.OrderBy(c => c.Offset)], counts["silver"], counts["gold"]);
    }

    private static void First(
        Dictionary<string, Dictionary<string, (long Offset, VersionUse Use)>> uses, string profile, string version, long offset, double place)
    {
        if (!uses.TryGetValue(profile, out var versions))
        {
            uses.Add(profile, versions = new Dictionary<string, (long Offset, VersionUse Use)>(StringComparer.Ordinal));
        }

        versions[version] = versions.TryGetValue(version, out var known)
            ? (Math.Min(known.Offset, offset), known.Use.With(place, place))
            : (offset, new VersionUse(version, place, place));
    }

    private sealed class Scan(ILakeStore store, long from, long to)
    {
        private readonly Dictionary<string, double> _places = new(StringComparer.Ordinal);

        /// <summary>Hands on the rows of the range that a model scored; returns how many rows there are.</summary>
        public async Task<long> ReadAsync(LakeTable table, string key, Action<string, string, long, double> take, CancellationToken cancellationToken)
        {
            await using var file = await LakeFileReader.OpenAsync(store, key, cancellationToken).ConfigureAwait(false);
            var schema = LakeSchema.Of(table, []);
            var (rows, scratch, count) = (new RowBuffer(schema), new ReadScratch(), 0L);
            var (offsets, profiles, versions, sensors) =
                (schema.IndexOf("record_offset"), schema.IndexOf("profile"), schema.IndexOf("model_version"), schema.IndexOf("sensor_id"));
            for (var group = 0; group < file.RowGroups; group++)
            {
                using var reader = file.Group(group);
                rows.Resize(checked((int)reader.RowCount));
                foreach (var column in new[] { offsets, profiles, versions, sensors })
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
                    if (rows.Texts(versions).Values[row] is { } version && rows.Texts(profiles).Values[row] is { } profile)
                    {
                        take(profile, version, offset, PlaceOf(rows.Texts(sensors).Values[row]!));
                    }
                }
            }

            return count;
        }

        private double PlaceOf(string sensor)
        {
            if (!_places.TryGetValue(sensor, out var place))
            {
                _places.Add(sensor, place = SensorSplit.PlaceOf(Encoding.UTF8.GetBytes(sensor)));
            }

            return place;
        }
    }
}

using System.Text.Json;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Lake.Verification;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>Reads the three logs and lists the store. Writes nothing.</summary>
internal sealed class LakeSurveyor(ILakeStore store, IOptions<LakeOptions> options)
{
    private readonly LakeTables _tables = new(options.Value);
    private readonly DeltaLog _log = new(store);

    /// <param name="known">What the database says: the ranges of the rewritten files that it knows are in no name.</param>
    public async Task<LakeSurvey> ReadAsync(LakeState known, CancellationToken cancellationToken)
    {
        var (tables, cuts, states, job) = (new List<TableSurvey>(), new List<StoredCut>(), new List<StoredState>(), 0L);
        foreach (var table in _tables.InPublicationOrder)
        {
            tables.Add(await ReadAsync(table, known, cancellationToken).ConfigureAwait(false));
            await foreach (var entry in store.ListAsync($"{table.Root}/{table.PartitionColumn}=", cancellationToken).ConfigureAwait(false))
            {
                if (CutName.Parse(entry.Key) is { } name)
                {
                    cuts.Add(new StoredCut(table.Name, entry.Key, name));
                }

                job = Math.Max(job, CutName.JobOf(entry.Key) ?? 0);
            }

            // A vacuum may have deleted the object of a job that the log still names.
            job = tables[^1].Snapshot.Adds.Keys.Concat(tables[^1].Snapshot.Removes.Keys).Select(p => CutName.JobOf(p) ?? 0).Append(job).Max();
        }

        await foreach (var entry in store.ListAsync($"{options.Value.System}/state/", cancellationToken).ConfigureAwait(false))
        {
            if (StoredState.Parse(entry.Key) is { } state)
            {
                states.Add(state);
            }
        }

        return new LakeSurvey(tables, cuts, states, job);
    }

    private async Task<TableSurvey> ReadAsync(LakeTable table, LakeState known, CancellationToken cancellationToken)
    {
        var snapshot = await _log.LoadAsync(table, cancellationToken).ConfigureAwait(false);
        var ranges = known.Files.Where(f => f.TableName == table.Name && f.FirstOffset is not null).ToDictionary(
            f => table.RelativePath(f.ObjectKey),
            f => new FileRange(new PartitionKey(f.SourceId!.Value, f.Partition!.Value), f.FirstOffset!.Value, f.NextOffset!.Value, f.OwnerEpoch),
            StringComparer.Ordinal);
        var addedIn = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var version = (known.Tables.GetValueOrDefault(table.Name)?.Version ?? -1) + 1; version <= snapshot.Version; version++)
        {
            // Commits below a checkpoint are deleted after a month: what they did is seen from their result then.
            if (await _log.ReadTextAsync(DeltaLogKeys.Commit(table, version), cancellationToken).ConfigureAwait(false) is { } body)
            {
                var commit = new DeltaSnapshot();
                commit.Apply(version, body);
                foreach (var path in commit.Removes.Keys.Where(p => !ranges.ContainsKey(p)))
                {
                    if (CutName.Parse(path) is { } name)
                    {
                        ranges[path] = Of(name);
                    }
                }

                foreach (var add in commit.Adds.Values)
                {
                    addedIn[add.Path] = version;
                    ranges[add.Path] = RangeOf(add, commit, ranges);
                }
            }
        }

        foreach (var add in snapshot.Adds.Values.Where(a => !ranges.ContainsKey(a.Path)))
        {
            ranges[add.Path] = RangeOf(add, new DeltaSnapshot(), ranges);
        }

        return new TableSurvey(table, snapshot, await _log.LastCheckpointAsync(table, cancellationToken).ConfigureAwait(false), addedIn, ranges);
    }

    /// <summary>A cut's file says it by its name, a rewritten one stands for the files that it replaced, up to where their commit set the <c>txn</c>.
    /// Where those are forgotten, for its rows.</summary>
    private static FileRange RangeOf(DeltaAdd add, DeltaSnapshot commit, Dictionary<string, FileRange> ranges)
    {
        if (CutName.Parse(add.Path) is { } name)
        {
            return Of(name);
        }

        using var stats = JsonDocument.Parse(add.Stats ?? throw new InvalidDataException($"{add.Path} has no statistics in the Delta log: which offsets it holds is not known."));
        var (lowest, highest) = (stats.RootElement.GetProperty("minValues"), stats.RootElement.GetProperty("maxValues"));
        var key = new PartitionKey(lowest.GetProperty("source_id").GetInt32(), lowest.GetProperty("partition").GetInt32());
        var (first, last) = (lowest.GetProperty("record_offset").GetInt64(), highest.GetProperty("record_offset").GetInt64());
        var end = commit.Transactions.GetValueOrDefault(DeltaTransaction.AppIdOf(key.SourceId, key.Partition))?.Version ?? long.MaxValue;
        var parts = commit.Removes.Keys.Select(p => ranges.TryGetValue(p, out var range) ? range : default)
            .Where(r => r.Next > 0 && r.Key == key && r.First <= last && r.Next > first).ToList();
        return parts.Count == 0
            ? new FileRange(key, first, last + 1, Epoch: null)
            : new FileRange(key, parts.Min(r => r.First), Math.Min(parts.Max(r => r.Next), end), Epoch: null);
    }

    private static FileRange Of(CutName name) =>
        new(new PartitionKey(name.SourceId, name.Partition), name.FirstOffset, name.NextOffset, name.OwnerEpoch);
}

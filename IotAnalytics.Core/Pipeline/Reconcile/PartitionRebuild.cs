using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Reconcile;

namespace IotAnalytics.Core.Pipeline.Reconcile;

/// <summary>Makes the database's rows of one partition again, from its lake offset to the target, and the state that belongs to the target.</summary>
internal sealed class PartitionRebuild(ILakeStore store, RebuiltPlans plans, BronzeReplay replay, SavedState states)
{
    /// <summary>Which models scored what the database has no rows of.</summary>
    public Task<ModelUse> ReadModelUseAsync(ReconcilePlan plan, PartitionPlan partition, CancellationToken cancellationToken) => ModelUse.ReadAsync(
        store, partition.Key,
        [.. Files(plan, partition, partition.Fast).Where(f => f.Table.Name != "bronze").Select(f => (f.Table, f.Key))], partition.Fast, partition.Target, cancellationToken);

    /// <summary>Runs the records. Nothing below the partition's own offsets is written again.</summary>
    /// <param name="epoch">Of the claim.</param>
    /// <param name="findings">Told what did not come out as the lake has it.</param>
    public async Task<RebuiltState> RunAsync(
        ReconcilePlan plan, PartitionPlan partition, long epoch, ModelUse use, List<string> findings, Action<string> progress, CancellationToken cancellationToken)
    {
        var (name, key) = ($"source {partition.Key.SourceId}, partition {partition.Key.Partition}", partition.Key);
        var bronze = Files(plan, partition, long.MinValue).Where(f => f.Table.Name == "bronze").OrderBy(f => f.Range.First).ToList();
        var (begin, state) = await StateBelowAsync(plan, partition, cancellationToken).ConfigureAwait(false);
        if (state is null)
        {
            begin = bronze.Count == 0 ? partition.Start : Math.Min(partition.Start, bronze[0].Range.First);
            if (plan.Tables.SelectMany(t => t.Survey.Ranges.Values).Any(r => r.Key == key && r.First < begin))
            {
                findings.Add($"{name}: there is no saved state, and bronze begins at {begin} only; what was known of the sensors before is lost to the rebuilt rows");
            }
        }

        var claim = new PartitionClaim(
            key.SourceId, key.Partition, LiveHosts.Reconciler, epoch, new PartitionOffsets(partition.Fast, partition.Rollup, begin), StateObject: null, StateSha256: null);
        var schedule = await plans.MakeAsync(claim, begin, use.Changes, cancellationToken).ConfigureAwait(false);
        var wanted = bronze.Where(f => f.Range.Next > begin).Select(f => (f.Key, f.Range.First)).ToList();
        progress($"{name}: rebuilding from {begin}");
        var result = await replay.RunAsync(
            claim, schedule, state, () => new BronzeRecords(store, wanted, begin, partition.Target), offset => progress($"{name}: rebuilt up to {offset}"), cancellationToken).ConfigureAwait(false);
        if (result.Committed.Normal != use.Normal || result.Committed.Anomalies != use.Anomalies)
        {
            findings.Add(
                $"{name}: {result.Committed.Normal} normal readings and {result.Committed.Anomalies} anomalies were rebuilt from {partition.Fast} on, the lake has {use.Normal} and {use.Anomalies}: "
                + "profiles or rules have changed in that time");
        }

        return await StateAtTargetAsync(plan, partition, claim, result.State, name, findings, cancellationToken).ConfigureAwait(false);
    }

    private static IEnumerable<(LakeTable Table, string Key, FileRange Range)> Files(ReconcilePlan plan, PartitionPlan partition, long from)
    {
        foreach (var table in plan.Tables)
        {
            foreach (var add in table.Survey.Snapshot.Adds.Values)
            {
                var range = table.Survey.Ranges[add.Path];
                if (range.Key == partition.Key && range.Next > from && range.First < partition.Target)
                {
                    yield return (table.Table, table.Table.Key(add.Path), range);
                }
            }

            foreach (var file in partition.Adopted.SelectMany(a => a.Files).Where(f => f.Table == table.Table.Name))
            {
                if (!table.Survey.Snapshot.Adds.ContainsKey(table.Table.RelativePath(file.Key)))
                {
                    yield return (table.Table, file.Key, new FileRange(partition.Key, file.Name.FirstOffset, file.Name.NextOffset, file.Name.OwnerEpoch));
                }
            }
        }
    }

    /// <summary>The newest state at or below the start that is still in the store. A state is a function of the records below it: whose it was does not matter.</summary>
    private async Task<(long Offset, byte[]? State)> StateBelowAsync(ReconcilePlan plan, PartitionPlan partition, CancellationToken cancellationToken)
    {
        foreach (var stored in plan.States.Where(s => s.SourceId == partition.Key.SourceId && s.Partition == partition.Key.Partition && s.Offset <= partition.Start)
            .OrderByDescending(s => s.Offset).ThenByDescending(s => s.Key == partition.Row?.StateObject).ThenByDescending(s => s.OwnerEpoch))
        {
            if (await states.ReadAsync(stored.Key, cancellationToken).ConfigureAwait(false) is { } state
                && (stored.Key != partition.Row?.StateObject || SavedState.HashOf(state) == partition.Row.StateSha256))
            {
                return (stored.Offset, state);
            }
        }

        return (partition.Start, null);
    }

    /// <summary>The state that the lake has for the target, else the one just made.</summary>
    private async Task<RebuiltState> StateAtTargetAsync(
        ReconcilePlan plan, PartitionPlan partition, PartitionClaim claim, byte[] rebuilt, string name, List<string> findings, CancellationToken cancellationToken)
    {
        var (mine, kept) = (SavedState.HashOf(rebuilt), default(RebuiltState));
        foreach (var stored in plan.States.Where(s => s.SourceId == partition.Key.SourceId && s.Partition == partition.Key.Partition && s.Offset == partition.Target)
            .OrderByDescending(s => s.OwnerEpoch))
        {
            if (await states.ReadAsync(stored.Key, cancellationToken).ConfigureAwait(false) is { } state)
            {
                var hash = SavedState.HashOf(state);
                if (hash == mine)
                {
                    return new RebuiltState(stored.Key, hash);
                }

                kept ??= new RebuiltState(stored.Key, hash);
            }
        }

        if (kept is not null)
        {
            findings.Add($"{name}: the rebuilt state of the sensors at {partition.Target} is not the one that was saved there; the saved one is used");
            return kept;
        }

        var key = states.KeyOf(claim, partition.Target);
        await states.PutAsync(key, rebuilt, cancellationToken).ConfigureAwait(false);
        return new RebuiltState(key, mine);
    }
}

/// <summary>A saved state and its hash.</summary>
internal sealed record RebuiltState(string Key, string Sha256);

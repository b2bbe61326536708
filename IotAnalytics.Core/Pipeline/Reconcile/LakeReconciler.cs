using IotAnalytics.Core.Lake.Reconcile;
using IotAnalytics.Core.Lake.Verification;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Core.Pipeline.Reconcile;

/// <summary>
/// Brings a database that is older than the lake up to it: the rows that it lost are made again from bronze, what it does not know of the
/// tables is read from them, and the offsets move in one transaction at the end. Every step may be repeated: after a kill anywhere the
/// same command goes on and comes to the same end. No host may run meanwhile.
/// </summary>
internal sealed class LakeReconciler(
    LakeSurveyor surveyor, IDbContextFactory<AnalyticsDbContext> contexts, DatabaseWriter writer, RowRecovery rows, LostModels models,
    PartitionRebuild rebuild, ReconcileCommit commit, TimeProvider time)
{
    /// <summary>What there is to do. Writes nothing.</summary>
    /// <exception cref="ReconcileException">The two cannot be brought together.</exception>
    public async Task<(ReconcilePlan Plan, IReadOnlyList<LostModel> Models)> PlanAsync(CancellationToken cancellationToken)
    {
        var database = await LakeState.ReadAsync(contexts, cancellationToken).ConfigureAwait(false);
        var plan = ReconcilePlanner.Make(database, await surveyor.ReadAsync(database, cancellationToken).ConfigureAwait(false));
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        var sources = await context.Sources.Select(s => s.SourceId).ToListAsync(cancellationToken).ConfigureAwait(false);
        plan = plan with { UnknownSources = [.. plan.Partitions.Select(p => p.Key.SourceId).Distinct().Except(sources)] };
        return (plan, await models.FindAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Does it.</summary>
    /// <param name="progress">Told each step before it is taken.</param>
    /// <returns>What did not come out as it should: one line each.</returns>
    /// <exception cref="ReconcileException">Somebody else works on the same lake or database.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        progress("taking the partitions");
        var (plan, _) = await PlanAsync(cancellationToken).ConfigureAwait(false);
        if (plan.UnknownSources.Count > 0)
        {
            throw new ReconcileException($"The lake holds source {plan.UnknownSources[^1]}, which the database does not know.");
        }

        var epochs = await ClaimAsync(plan, cancellationToken).ConfigureAwait(false);

        // Again: nobody else can write any more, and now it is known what there is.
        (plan, var lost) = await PlanAsync(cancellationToken).ConfigureAwait(false);
        var behind = plan.Partitions.Where(p => p.Start < p.Target).ToList();
        progress("reading which models were used");
        var uses = new Dictionary<PartitionKey, ModelUse>();
        foreach (var partition in behind)
        {
            uses[partition.Key] = await rebuild.ReadModelUseAsync(plan, partition, cancellationToken).ConfigureAwait(false);
        }

        progress("restoring models");
        await models.RestoreAsync(lost, [.. uses.Values.SelectMany(u => u.Changes)], cancellationToken).ConfigureAwait(false);
        var findings = new List<string>();
        var states = new Dictionary<PartitionKey, RebuiltState>();
        foreach (var partition in behind)
        {
            states[partition.Key] = await rebuild.RunAsync(plan, partition, epochs[partition.Key], uses[partition.Key], findings, progress, cancellationToken).ConfigureAwait(false);
        }

        var now = time.GetUtcNow();
        foreach (var table in plan.Tables)
        {
            progress($"taking out of {table.Table.Name} what lies beyond");
            await commit.PutAsync(table, plan, now.ToUnixTimeMilliseconds(), cancellationToken).ConfigureAwait(false);
        }

        if (plan.Tables.Any(t => t.HasCommit))
        {
            (plan, _) = await PlanAsync(cancellationToken).ConfigureAwait(false);
        }

        progress("reading unknown files");
        var found = await RecoverAsync(plan, cancellationToken).ConfigureAwait(false);
        progress("moving the offsets");
        await writer.WriteAsync(transaction => Finish(transaction, plan, behind, epochs, states, found, DbTime.From(now)), cancellationToken).ConfigureAwait(false);
        progress("done");
        return findings;
    }

    private Task<Dictionary<PartitionKey, long>> ClaimAsync(ReconcilePlan plan, CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            var now = DbTime.From(time.GetUtcNow());
            return plan.Partitions.Where(p => p.HasWork).ToDictionary(p => p.Key, p => ReconcileSql.Claim(transaction, p, LiveHosts.Reconciler, now));
        },
        cancellationToken);

    /// <summary>The missing rows, by table.</summary>
    private async Task<Dictionary<string, List<LakeFile>>> RecoverAsync(ReconcilePlan plan, CancellationToken cancellationToken)
    {
        var found = plan.Tables.ToDictionary(t => t.Table.Name, _ => new List<LakeFile>());
        foreach (var table in plan.Tables)
        {
            foreach (var add in table.Unknown)
            {
                var addedIn = table.Survey.AddedIn.GetValueOrDefault(add.Path, table.Survey.Snapshot.Version);
                found[table.Table.Name].Add(await rows.OfLiveAsync(table.Table, add, table.Survey.Ranges[add.Path], addedIn, cancellationToken).ConfigureAwait(false));
            }
        }

        foreach (var file in plan.Partitions.SelectMany(p => p.Adopted).SelectMany(a => a.Files))
        {
            var table = plan.Tables.Single(t => t.Table.Name == file.Table);
            if (!table.Survey.Ranges.ContainsKey(table.Table.RelativePath(file.Key)))
            {
                found[file.Table].Add(await rows.OfStoredAsync(file, cancellationToken).ConfigureAwait(false));
            }
        }

        return found;
    }

    private static void Finish(
        System.Data.Common.DbTransaction transaction, ReconcilePlan plan, List<PartitionPlan> behind, Dictionary<PartitionKey, long> epochs,
        Dictionary<PartitionKey, RebuiltState> states, Dictionary<string, List<LakeFile>> found, DbTime now)
    {
        // First: takes the rows' locks, and fences.
        foreach (var partition in behind)
        {
            ReconcileSql.Move(transaction, partition, epochs[partition.Key], states[partition.Key].Key, states[partition.Key].Sha256, now);
        }

        foreach (var table in plan.Tables)
        {
            ReconcileSql.BringUp(transaction, table, found[table.Table.Name], now);
        }

        ReconcileSql.RaiseJobs(transaction, plan.NewestJob);
    }
}

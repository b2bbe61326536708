using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Lake.Verification;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>
/// Compares the database with the store. The target of a partition is where bronze's <c>txn</c> stands (the other tables are complete up to
/// there), or the database's own lake offset when that is further, and on over the cuts that are whole in the store. Pure: after every step
/// of the work the rest of it comes out.
/// </summary>
internal static class ReconcilePlanner
{
    /// <exception cref="ReconcileException">The lake is older than the database, or another's.</exception>
    public static ReconcilePlan Make(LakeState database, LakeSurvey survey)
    {
        foreach (var table in survey.Tables)
        {
            Check(table, database);
        }

        var keys = database.Partitions.Select(p => new PartitionKey(p.SourceId, p.Partition))
            .Concat(survey.Tables.SelectMany(t => t.Snapshot.Adds.Keys.Select(path => t.Ranges[path].Key)))
            .Concat(survey.Tables.SelectMany(t => t.Snapshot.Transactions.Keys).Select(DeltaTransaction.Parse).OfType<(int SourceId, int Partition)>()
                .Select(id => new PartitionKey(id.SourceId, id.Partition)))
            .Distinct().OrderBy(k => k.SourceId).ThenBy(k => k.Partition);
        var partitions = keys.Select(key => Of(key, database, survey)).ToList();
        var plan = new ReconcilePlan(partitions, [], survey.States, survey.NewestJob);
        return plan with { Tables = [.. survey.Tables.Select(t => Of(t, database, plan))] };
    }

    private static void Check(TableSurvey table, LakeState database)
    {
        var (log, row) = (table.Snapshot, database.Tables.GetValueOrDefault(table.Table.Name));
        if (row is null || row.Version < 0)
        {
            return;
        }

        var published = row.Version - Pending(table.Table, database);
        if (log.Version < published)
        {
            throw new ReconcileException(
                $"{table.Table.Root}/_delta_log ends at version {log.Version}, the database has published {published}: the lake is older than the database. Restore the copy of the lake that belongs to it.");
        }

        if (log.MetaData is { } metaData && metaData.Id != row.DeltaId)
        {
            throw new ReconcileException($"{table.Table.Root} is the table {metaData.Id}, the database knows {row.DeltaId}: this database belongs to another lake.");
        }
    }

    private static int Pending(LakeTable table, LakeState database) => database.Unpublished.Count(c => c.TableName == table.Name);

    private static PartitionPlan Of(PartitionKey key, LakeState database, LakeSurvey survey)
    {
        var row = database.Partitions.SingleOrDefault(p => p.SourceId == key.SourceId && p.Partition == key.Partition);
        var ranges = survey.Tables.SelectMany(t => t.Ranges.Values).Where(r => r.Key == key).Select(r => (r.First, r.Next)).Distinct().Order().ToList();
        var start = row?.LakeOffset ?? (ranges.Count > 0 ? ranges[0].First : survey.Bronze.TransactionOf(key) ?? 0);
        var published = Math.Max(start, survey.Bronze.TransactionOf(key) ?? start);
        var adopted = CutChain.From(published, key, survey);
        var target = adopted.Count > 0 ? adopted[^1].Name.NextOffset : published;
        var known = ranges.Concat(adopted.Select(a => (a.Name.FirstOffset, a.Name.NextOffset)))
            .Concat(database.Lost.Where(l => l.SourceId == key.SourceId && l.Partition == key.Partition).Select(l => (l.FirstOffset, l.NextOffset)));
        return new PartitionPlan(key, row, start, target, adopted, survey.NewestEpoch(key), Gaps(start, target, known.Order()));
    }

    private static List<(long First, long Next)> Gaps(long from, long to, IEnumerable<(long First, long Next)> known)
    {
        var gaps = new List<(long First, long Next)>();
        var reached = from;
        foreach (var (first, next) in known)
        {
            if (first > reached && reached < to)
            {
                gaps.Add((reached, Math.Min(first, to)));
            }

            reached = Math.Max(reached, next);
        }

        if (reached < to)
        {
            gaps.Add((reached, to));
        }

        return gaps;
    }

    private static TablePlan Of(TableSurvey survey, LakeState database, ReconcilePlan plan)
    {
        var (table, log) = (survey.Table, survey.Snapshot);
        var version = database.Tables.GetValueOrDefault(table.Name)?.Version ?? -1;
        var isBehind = log.Version > version - Pending(table, database);
        var beyond = log.Adds.Values.Where(a => survey.Ranges[a.Path].Next > plan.Of(survey.Ranges[a.Path].Key)!.Target).ToList();
        var resets = plan.Partitions.Where(p => survey.TransactionOf(p.Key) > p.Target).Select(p => p.Key).ToList();
        if (beyond.Count + resets.Count > 0 && log.Version < version)
        {
            throw new ReconcileException(
                $"{table.Root}/_delta_log has files beyond what the database knows, and the database a version {version} that the log has not. They do not come from one history.");
        }

        if (!isBehind && beyond.Count + resets.Count == 0)
        {
            return new TablePlan(survey, version, IsBehind: false, [], [], [], [], [], []);
        }

        var rows = database.Files.Where(f => f.TableName == table.Name).ToDictionary(f => table.RelativePath(f.ObjectKey), StringComparer.Ordinal);
        var live = log.Adds.Values.Except(beyond).ToDictionary(a => a.Path, StringComparer.Ordinal);
        return new TablePlan(
            survey, version, isBehind, beyond, resets,
            [.. live.Values.Where(a => !rows.ContainsKey(a.Path))],
            [.. rows.Where(r => live.ContainsKey(r.Key) && r.Value is { AddedVersion: null, RemovedVersion: null }).Select(r => r.Value)],
            [.. rows.Where(r => !live.ContainsKey(r.Key) && r.Value.RemovedVersion is null && WasPublished(r.Key, r.Value, survey)).Select(r => r.Value)],
            [.. rows.Where(r => live.ContainsKey(r.Key) && r.Value.RemovedVersion is not null).Select(r => r.Value)]);
    }

    /// <summary>False for a file that still waits for its first version.</summary>
    private static bool WasPublished(string path, LakeFile file, TableSurvey survey) =>
        file.AddedVersion is not null || survey.Snapshot.Removes.ContainsKey(path)
        || file.NextOffset <= survey.TransactionOf(new PartitionKey(file.SourceId ?? 0, file.Partition ?? 0));
}

using System.Globalization;
using System.Text;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>Takes out of a table what lies beyond the targets: one version with <c>remove</c>s, the parts of files that stay, and a <c>txn</c> that goes back.</summary>
internal sealed class ReconcileCommit(ILakeStore store, DatabaseWriter writer, FileSplit split)
{
    /// <summary>Writes the version; does nothing where nothing lies beyond.</summary>
    /// <exception cref="ReconcileException">Somebody else wrote that version.</exception>
    public async Task PutAsync(TablePlan table, ReconcilePlan plan, long now, CancellationToken cancellationToken)
    {
        if (!table.HasCommit)
        {
            return;
        }

        var kept = await SplitAsync(table, plan, now, cancellationToken).ConfigureAwait(false);
        var body = new DeltaBody().CommitInfo(
            now,
            "RESTORE",
            new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["numAddedFiles"] = kept.Count.ToString(CultureInfo.InvariantCulture),
                ["numRemovedFiles"] = table.Beyond.Count.ToString(CultureInfo.InvariantCulture),
            },
            isBlindAppend: false);
        foreach (var key in table.Resets.Union(table.Beyond.Select(a => table.Survey.Ranges[a.Path].Key)))
        {
            body.Transaction(new DeltaTransaction(DeltaTransaction.AppIdOf(key.SourceId, key.Partition), plan.Of(key)!.Target, now));
        }

        foreach (var add in table.Beyond)
        {
            body.Remove(new DeltaRemove(add.Path, add.PartitionValue, add.Size, now, DataChange: true), table.Table.PartitionColumn);
        }

        foreach (var add in kept)
        {
            body.Add(add, table.Table.PartitionColumn);
        }

        var commit = DeltaLogKeys.Commit(table.Table, table.Survey.Snapshot.Version + 1);
        if (!await store.TryCreateAsync(commit, Encoding.UTF8.GetBytes(body.ToString()), cancellationToken).ConfigureAwait(false))
        {
            throw new ReconcileException($"{commit} was written by somebody else meanwhile. Stop every host, then run it again.");
        }
    }

    private async Task<List<DeltaAdd>> SplitAsync(TablePlan table, ReconcilePlan plan, long now, CancellationToken cancellationToken)
    {
        var kept = new List<DeltaAdd>();
        var across = table.Beyond.Where(a => table.Survey.Ranges[a.Path].First < plan.Of(table.Survey.Ranges[a.Path].Key)!.Target).ToList();
        if (across.Count == 0)
        {
            return kept;
        }

        var job = await writer.WriteAsync(
            transaction =>
            {
                ReconcileSql.RaiseJobs(transaction, plan.NewestJob);
                return DeltaTableSql.Next(transaction, "rewrite");
            },
            cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < across.Count; i++)
        {
            var target = plan.Of(table.Survey.Ranges[across[i].Path].Key)!.Target;
            var key = table.Table.RewriteKey(FileSplit.DateOf(across[i].PartitionValue), job, i);
            if (await split.KeepBelowAsync(table.Table, across[i], target, key, now, cancellationToken).ConfigureAwait(false) is { } part)
            {
                kept.Add(part);
            }
        }

        return kept;
    }
}

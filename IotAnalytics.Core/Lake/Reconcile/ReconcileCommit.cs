using System.Globalization;
using System.Text;
using IotAnalytics.Core.Lake.Delta;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>Takes out of a table what lies beyond the targets: one version with <c>remove</c>s and a <c>txn</c> that goes back.</summary>
internal sealed class ReconcileCommit(ILakeStore store)
{
    /// <summary>Writes the version and applies it to the survey's snapshot; does nothing where nothing lies beyond.</summary>
    /// <exception cref="ReconcileException">Somebody else wrote that version.</exception>
    public async Task PutAsync(TablePlan table, ReconcilePlan plan, long now, CancellationToken cancellationToken)
    {
        if (!table.HasCommit)
        {
            return;
        }

        var body = new DeltaBody().CommitInfo(
            now,
            "RESTORE",
            new SortedDictionary<string, string>(StringComparer.Ordinal) { ["numRemovedFiles"] = table.Beyond.Count.ToString(CultureInfo.InvariantCulture) },
            isBlindAppend: false);
        foreach (var key in table.Resets)
        {
            body.Transaction(new DeltaTransaction(DeltaTransaction.AppIdOf(key.SourceId, key.Partition), plan.Of(key)!.Target, now));
        }

        foreach (var add in table.Beyond)
        {
            body.Remove(new DeltaRemove(add.Path, add.PartitionValue, add.Size, now, DataChange: true), table.Table.PartitionColumn);
        }

        var (version, text) = (table.Survey.Snapshot.Version + 1, body.ToString());
        var commit = DeltaLogKeys.Commit(table.Table, version);
        if (!await store.TryCreateAsync(commit, Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false))
        {
            throw new ReconcileException($"{commit} was written by somebody else meanwhile. Stop every host, then run it again.");
        }

        table.Survey.Snapshot.Apply(version, text);
    }
}

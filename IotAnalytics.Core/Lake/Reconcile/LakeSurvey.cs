using IotAnalytics.Core.Lake.Delta;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>What the store holds, read without the database's word for it.</summary>
/// <param name="Tables">In the order of publication.</param>
/// <param name="Cuts">Every data file with a cut's name, also those that no table names.</param>
/// <param name="NewestJob">The highest job of any rewritten file, 0 where there is none.</param>
internal sealed record LakeSurvey(IReadOnlyList<TableSurvey> Tables, IReadOnlyList<StoredCut> Cuts, IReadOnlyList<StoredState> States, long NewestJob)
{
    /// <summary>Bronze is published last: its <c>txn</c> is true of all three tables, theirs stand where they last had rows.</summary>
    public TableSurvey Bronze => Tables[^1];

    /// <summary>The highest epoch in any name of the partition, 0 where there is none.</summary>
    public long NewestEpoch(PartitionKey key) => Math.Max(
        Cuts.Where(c => c.Name.SourceId == key.SourceId && c.Name.Partition == key.Partition).Select(c => c.Name.OwnerEpoch).DefaultIfEmpty().Max(),
        States.Where(s => s.SourceId == key.SourceId && s.Partition == key.Partition).Select(s => s.OwnerEpoch).DefaultIfEmpty().Max());
}

/// <summary>A partition of a source.</summary>
internal readonly record struct PartitionKey(int SourceId, int Partition);

/// <summary>One table's log.</summary>
/// <param name="Checkpoint">The version that <c>_last_checkpoint</c> names.</param>
/// <param name="AddedIn">By path, for what was added above the version that the database knows.</param>
/// <param name="Ranges">Which offsets a file holds, by path: of all files that are live, that the database knows, or that came and went since.</param>
internal sealed record TableSurvey(
    LakeTable Table, DeltaSnapshot Snapshot, long? Checkpoint, IReadOnlyDictionary<string, long> AddedIn, IReadOnlyDictionary<string, FileRange> Ranges)
{
    /// <summary>The offset up to which the log says that the table is complete, or null.</summary>
    public long? TransactionOf(PartitionKey key) =>
        Snapshot.Transactions.TryGetValue(DeltaTransaction.AppIdOf(key.SourceId, key.Partition), out var transaction) ? transaction.Version : null;
}

/// <summary>The offsets [First, Next) that a file stands for.</summary>
/// <param name="Epoch">Of a cut's file; null for a rewritten one.</param>
internal readonly record struct FileRange(PartitionKey Key, long First, long Next, long? Epoch);

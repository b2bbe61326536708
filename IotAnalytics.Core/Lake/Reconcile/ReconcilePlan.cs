using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>What has to be done so that database and lake say the same again.</summary>
/// <param name="States">The saved states in the store.</param>
/// <param name="NewestJob">The highest job id that an object bears.</param>
internal sealed record ReconcilePlan(IReadOnlyList<PartitionPlan> Partitions, IReadOnlyList<TablePlan> Tables, IReadOnlyList<StoredState> States, long NewestJob)
{
    /// <summary>Database and lake agree.</summary>
    public bool IsEmpty => Partitions.All(p => !p.HasWork) && Tables.All(t => !t.HasWork);

    /// <summary>Sources of the lake that the database does not know.</summary>
    public IReadOnlyList<int> UnknownSources { get; init; } = [];

    public PartitionPlan? Of(PartitionKey key) => Partitions.FirstOrDefault(p => p.Key == key);
}

/// <summary>One partition.</summary>
/// <param name="Row">The database's row, or null where it knows nothing of the partition.</param>
/// <param name="Start">Where the database's lake offset stands; without a row, where the lake begins.</param>
/// <param name="Target">Where the lake offset will stand.</param>
/// <param name="Adopted">Cuts beyond the tables that are whole in the store: the last of them ends at the target.</param>
/// <param name="NewestEpoch">In the names of the partition's objects.</param>
/// <param name="Lost">Ranges that the lake went over without a cut: the log had forgotten them.</param>
internal sealed record PartitionPlan(
    PartitionKey Key, StreamPartition? Row, long Start, long Target, IReadOnlyList<AdoptedCut> Adopted, long NewestEpoch, IReadOnlyList<(long First, long Next)> Lost)
{
    public bool HasWork => Row is null || Start < Target || Row.OwnerEpoch < NewestEpoch;

    public long Fast => Row?.FastOffset ?? Start;

    public long Rollup => Row?.RollupOffset ?? Start;
}

/// <summary>One table.</summary>
/// <param name="KnownVersion">The version that the database knows, -1 for none.</param>
/// <param name="IsBehind">The log has versions that the database does not know as published.</param>
/// <param name="Beyond">Live files that lie beyond the target: they are taken out.</param>
/// <param name="Resets">Partitions whose <c>txn</c> goes back to the target.</param>
/// <param name="Unknown">Live files without a row.</param>
/// <param name="Added">Rows of live files that do not say in which version they came.</param>
/// <param name="Gone">Rows of live files that the log has removed.</param>
/// <param name="Revived">Rows of removed files that are live in the log.</param>
internal sealed record TablePlan(
    TableSurvey Survey, long KnownVersion, bool IsBehind, IReadOnlyList<DeltaAdd> Beyond, IReadOnlyList<PartitionKey> Resets, IReadOnlyList<DeltaAdd> Unknown,
    IReadOnlyList<LakeFile> Added, IReadOnlyList<LakeFile> Gone, IReadOnlyList<LakeFile> Revived)
{
    public LakeTable Table => Survey.Table;

    /// <summary>A version of the table has to be written.</summary>
    public bool HasCommit => Beyond.Count > 0 || Resets.Count > 0;

    public bool HasWork => IsBehind || HasCommit;
}

/// <summary>The lake and the database cannot be brought together; nothing was changed.</summary>
internal sealed class ReconcileException(string message) : Exception(message);

using System.Collections.Concurrent;

namespace IotAnalytics.Core.Pipeline;

/// <summary>What the workers of this host are doing now; read by <c>GET /pipeline</c>, the health checks and the meters.</summary>
public sealed class PipelineMonitor
{
    private readonly ConcurrentDictionary<int, PartitionState> _partitions = new();

    /// <summary>One entry per partition of this host, by partition.</summary>
    public IReadOnlyList<PartitionState> Partitions => [.. _partitions.Values.OrderBy(p => p.Partition)];

    /// <summary>Readings that reached the database since the host started.</summary>
    public PipelineTotals Totals => _partitions.Values.Aggregate(default(PipelineTotals), (sum, p) => sum + p.Totals);

    /// <summary>True once every partition is claimed and has its model.</summary>
    public bool IsReady { get; private set; }

    internal void Update(PartitionState state) => _partitions[state.Partition] = state;

    internal void SetReady(bool ready) => IsReady = ready;
}

/// <summary>One partition, as of the last step of its worker.</summary>
/// <param name="Status"><c>starting</c>, <c>running</c>, <c>paused</c> (a sink is down or the spool is full), <c>stopped</c> or <c>failed</c>.</param>
/// <param name="Reason">Why it is paused or failed, else null.</param>
public sealed record PartitionState(
    int SourceId,
    int Partition,
    string Owner,
    long OwnerEpoch,
    string Status,
    string? Reason,
    long FastOffset,
    long RollupOffset,
    long LakeOffset,
    long HighWatermark,
    long LagRecords,
    double LagSeconds,
    long SpoolBytes,
    long Retries,
    PipelineTotals Totals,
    double? VisibleP50Ms,
    double? VisibleP99Ms);

/// <summary>readings = normal + anomalies + dead letters + duplicates.</summary>
public readonly record struct PipelineTotals(long Readings, long Normal, long Anomalies, long DeadLetters, long Duplicates, long NotScored, long Late)
{
    public static PipelineTotals operator +(PipelineTotals a, PipelineTotals b) => new(
        a.Readings + b.Readings, a.Normal + b.Normal, a.Anomalies + b.Anomalies, a.DeadLetters + b.DeadLetters,
        a.Duplicates + b.Duplicates, a.NotScored + b.NotScored, a.Late + b.Late);
}

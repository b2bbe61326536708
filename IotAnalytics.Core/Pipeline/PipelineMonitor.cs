using System.Collections.Concurrent;
using IotAnalytics.Core.Metrics;

namespace IotAnalytics.Core.Pipeline;

/// <summary>What the workers of this host are doing now; read by <c>GET /pipeline</c>, the health checks and the meters.</summary>
public sealed class PipelineMonitor
{
    private readonly ConcurrentDictionary<int, PartitionState> _partitions = new();
    private readonly ConcurrentDictionary<int, PipelineTotals> _totals = new();
    private int _expected = -1;

    /// <summary>One entry per partition of this host, by partition.</summary>
    public IReadOnlyList<PartitionState> Partitions => [.. _partitions.Values.OrderBy(p => p.Partition)];

    /// <summary>Readings that reached the database since the host started.</summary>
    public PipelineTotals Totals => _totals.Values.Aggregate(default(PipelineTotals), (sum, totals) => sum + totals);

    /// <summary>True once this host has its share of the partitions (which may be none) and every one of them runs.</summary>
    public bool IsReady => _expected >= 0 && _partitions.Count == _expected && _partitions.Values.All(p => p.Status is "running" or "paused");

    /// <summary>Why readings cannot be taken to their end now, or null: a partition is paused or failed.</summary>
    public string? Impediment => _partitions.Values.FirstOrDefault(p => p.Status is "paused" or "failed")?.Reason;

    /// <summary>Totals of one partition.</summary>
    internal PipelineTotals TotalsOf(int partition) => _totals.GetValueOrDefault(partition);

    /// <summary>Adds what a T1 has committed.</summary>
    internal void Count(int partition, PipelineTotals committed) =>
        _totals.AddOrUpdate(partition, committed, (_, totals) => totals + committed);

    internal void Expect(int partitions) => _expected = partitions;

    /// <summary>The partition is no longer this host's.</summary>
    internal void Release(int partition) => _partitions.TryRemove(partition, out _);

    internal void Update(PartitionState state) => _partitions[state.Partition] = state;

    internal void Pause(int partition, string reason) => Change(partition, "paused", reason);

    internal void Fail(int partition, string reason) => Change(partition, "failed", reason);

    private void Change(int partition, string status, string reason)
    {
        if (_partitions.TryGetValue(partition, out var state))
        {
            Update(state with { Status = status, Reason = reason });
        }
    }
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

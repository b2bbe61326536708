namespace IotAnalytics.Core.Pipeline;

/// <summary>A worker's right to a partition: its writes carry the epoch, and a newer claim makes them fail.</summary>
internal sealed record PartitionClaim(
    int SourceId, int Partition, string Owner, long OwnerEpoch, PartitionOffsets Offsets, string? StateObject, string? StateSha256);

/// <summary>How far each sink has come: lake ≤ rollup ≤ fast. A restart begins at lake and writes nothing below a sink's own offset.</summary>
internal readonly record struct PartitionOffsets(long Fast, long Rollup, long Lake);

/// <summary>Another worker has claimed the partition: everything not committed is dropped.</summary>
internal sealed class FencedException(int partition, long epoch)
    : Exception($"Partition {partition}: epoch {epoch} was fenced by a newer claim.");

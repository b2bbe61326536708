namespace IotAnalytics.Core.Persistence;

/// <summary>An object of the lake. Without <see cref="AddedVersion"/> it waits for the publisher; with <see cref="RemovedVersion"/> for the vacuum.</summary>
public sealed class LakeFile
{
    /// <summary>Key below the store, for example <c>silver/normal-readings/event_date=2026-01-01/1-0-0-75-1.parquet</c>.</summary>
    public required string ObjectKey { get; set; }
    /// <summary><c>bronze</c>, <c>silver</c> or <c>gold</c>.</summary>
    public required string TableName { get; set; }
    public int? SourceId { get; set; }
    public int? Partition { get; set; }
    public long? FirstOffset { get; set; }
    public long? NextOffset { get; set; }
    public long? OwnerEpoch { get; set; }
    public DateOnly PartitionDate { get; set; }
    public long RowCount { get; set; }
    public long ByteCount { get; set; }
    public required string Sha256 { get; set; }
    /// <summary>Delta statistics, JSON.</summary>
    public string? Stats { get; set; }
    public long? AddedVersion { get; set; }
    public long? RemovedVersion { get; set; }
    public DateTime? RemovedAt { get; set; }
}

/// <summary>A Delta table and its newest version; -1 before the first commit.</summary>
public sealed class DeltaTable
{
    public required string TableName { get; set; }
    public required string DeltaId { get; set; }
    public long Version { get; set; }
    public long? CheckpointVersion { get; set; }
}

/// <summary>A frozen commit body: whoever publishes it writes the same bytes.</summary>
public sealed class DeltaCommit
{
    public required string TableName { get; set; }
    public long Version { get; set; }
    public required string Body { get; set; }
    public DateTime? PublishedAt { get; set; }
}

/// <summary>Numbers that are never given twice.</summary>
public sealed class Sequence
{
    public required string Name { get; set; }
    public long Value { get; set; }
}

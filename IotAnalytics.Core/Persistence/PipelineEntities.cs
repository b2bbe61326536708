namespace IotAnalytics.Core.Persistence;

/// <summary>A log that was read, identified by cluster and topic.</summary>
public sealed class Source
{
    public int SourceId { get; set; }
    public required string Kind { get; set; }
    public required string ClusterId { get; set; }
    public required string Topic { get; set; }
    public string TopicId { get; set; } = "";
    public DateTime OpenedAt { get; set; }
    public DateTime? ClosedAt { get; set; }
}

/// <summary>How far each sink has come. Invariant: lake ≤ rollup ≤ fast; a restart begins at lake.</summary>
public sealed class StreamPartition
{
    public int SourceId { get; set; }
    public int Partition { get; set; }
    public long OwnerEpoch { get; set; }
    public string? Owner { get; set; }
    public DateTime? ClaimedAt { get; set; }
    public long FastOffset { get; set; }
    public long RollupOffset { get; set; }
    public long LakeOffset { get; set; }
    public string? StateObject { get; set; }
    public string? StateSha256 { get; set; }
}

/// <summary>Everything that can change a row's layer, flags or score; immutable, named by the hash of its content.</summary>
public sealed class ScoringPlanRow
{
    public required string PlanId { get; set; }
    public required string Content { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>From which offset a plan was in force.</summary>
public sealed class ScoringAssignment
{
    public int SourceId { get; set; }
    public int Partition { get; set; }
    public long FromOffset { get; set; }
    public required string PlanId { get; set; }
}

/// <summary>An item that could not become a reading.</summary>
public sealed class DeadLetterRow
{
    public int SourceId { get; set; }
    public int Partition { get; set; }
    public long RecordOffset { get; set; }
    public int Item { get; set; }
    public required string Reason { get; set; }
    public string? Detail { get; set; }
    /// <summary>The first 4 KiB; bronze has it all.</summary>
    public byte[]? PayloadHead { get; set; }
    public DateTime RecordTime { get; set; }
}

/// <summary>Records that the log forgot before they reached the lake.</summary>
public sealed class LostRange
{
    public int SourceId { get; set; }
    public int Partition { get; set; }
    public long FirstOffset { get; set; }
    public long NextOffset { get; set; }
    public DateTime SeenAt { get; set; }
}

/// <summary>State of a partition every 10 seconds, kept 7 days.</summary>
public sealed class PartitionStatus
{
    public int SourceId { get; set; }
    public int Partition { get; set; }
    public DateTime Time { get; set; }
    public long HighWatermark { get; set; }
    public long LagRecords { get; set; }
    public double LagSeconds { get; set; }
    public long SpoolBytes { get; set; }
    public long Retries { get; set; }
    public double? VisibleP99Ms { get; set; }
    public required string Host { get; set; }
}

/// <summary>Which host does what for all of them, and until when it may without renewing.</summary>
public sealed class HostRoleRow
{
    public required string Role { get; set; }
    public required string Owner { get; set; }
    public DateTime TakenAt { get; set; }
    public DateTime ExpiresAt { get; set; }
}

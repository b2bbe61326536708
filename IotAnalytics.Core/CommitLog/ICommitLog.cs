namespace IotAnalytics.Core.CommitLog;

/// <summary>
/// Where accepted readings wait: an ordered, durable, partitioned log. Implementations: the embedded SQLite log, and Kafka.
/// All members are safe to call from several threads; a partition has one reader.
/// </summary>
public interface ICommitLog : IAsyncDisposable
{
    /// <summary>What this log is, for the <c>source</c> table.</summary>
    LogSource Source { get; }

    /// <summary>Number of partitions, at least 1. May grow while the log is open, never shrinks.</summary>
    int PartitionCount { get; }

    /// <summary>A record comes back with the time it was appended with. False: the log stamps it with its own clock at arrival (a Kafka topic with
    /// <c>LogAppendTime</c>), so history cannot be loaded into it.</summary>
    bool KeepsRecordTime { get; }

    /// <summary>Does what of the opening changes nothing anywhere, so that it can be done beside other checks; <see cref="OpenAsync"/> goes on from there, or does it
    /// itself. Called at most once.</summary>
    /// <exception cref="CommitLogException">As by <see cref="OpenAsync"/>.</exception>
    Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Opens or creates the log. Called once, before anything else. Throws <see cref="CommitLogException"/> with one clear line
    /// when another process holds it, when it cannot be written or when it was made by a newer version.</summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Appends the records and returns when they are durable. The embedded log stores all or none; Kafka all or, when it throws, some of
    /// the partitions'.</summary>
    /// <param name="records">At least one. On a log with one partition usually exactly one.</param>
    /// <param name="request">Given for an idempotent request: remembered with the records in one transaction.</param>
    /// <exception cref="LogFullException">The byte bound is reached (HTTP 429).</exception>
    /// <exception cref="RecordTooLargeException">A record is larger than the log takes (HTTP 413).</exception>
    /// <exception cref="LogUnavailableException">The disk is full or the log is closing (HTTP 503); nothing was appended.</exception>
    ValueTask<AppendResult> AppendAsync(IReadOnlyList<LogRecord> records, IdempotentRequest? request, CancellationToken cancellationToken);

    /// <summary>What was answered to an earlier request with this key, or null. Looked up before the body is parsed.</summary>
    ValueTask<IdempotentRequest?> FindRequestAsync(string key, CancellationToken cancellationToken);

    /// <summary>Begins to ask for this host's share, where that takes a while; <see cref="RunAssignmentAsync"/> goes on from there. Called at most once.</summary>
    void BeginAssignment()
    {
    }

    /// <summary>Takes this host's share of the partitions and tells <paramref name="owner"/> of it until cancelled; then gives back what it holds (telling the
    /// owner too) and returns. A log that only one host can open gives all of them and returns at once: nothing is ever taken back. Called at most once at a time.</summary>
    Task RunAssignmentAsync(IPartitionOwner owner, CancellationToken cancellationToken);

    /// <summary>Clears <paramref name="into"/> and fills it with records from <paramref name="offset"/> on, up to about <paramref name="maxBytes"/>
    /// (at least one record when there is one). Waits up to <paramref name="maxWait"/> for the first; an empty batch means that none came.</summary>
    /// <exception cref="OffsetTrimmedException">The log no longer has <paramref name="offset"/>.</exception>
    /// <exception cref="CommitLogException"><paramref name="offset"/> is beyond the log's end, or the log is damaged or closed.</exception>
    ValueTask ReadAsync(int partition, long offset, RecordBatch into, int maxBytes, TimeSpan maxWait, CancellationToken cancellationToken);

    /// <summary>The offsets that can be read: [start, high watermark).</summary>
    ValueTask<LogBounds> GetBoundsAsync(int partition, CancellationToken cancellationToken);

    /// <summary>Where a partition that was never read begins: at the log's start, unless configured otherwise.</summary>
    ValueTask<long> GetFirstOffsetAsync(int partition, CancellationToken cancellationToken);

    /// <summary>The record time of the oldest record at or after <paramref name="offset"/>, or null when there is none. For the lag in seconds.</summary>
    ValueTask<long?> GetRecordTimeAsync(int partition, long offset, CancellationToken cancellationToken);

    /// <summary>Whether dead letters are also sent to where programs can take them from (a topic).</summary>
    bool ForwardsDeadLetters => false;

    /// <summary>Sends dead letters there; before their rows are committed, so that after a crash some come twice rather than never. Does not throw: what
    /// cannot be sent is counted and logged, the database and bronze have it.</summary>
    ValueTask ForwardDeadLettersAsync(int partition, IReadOnlyList<ForwardedDeadLetter> letters) => ValueTask.CompletedTask;

    /// <summary>Allows the log to forget records below <paramref name="offset"/> and returns at once: they cannot be read any more, their
    /// room is freed in the background. A log with a retention of its own ignores it.</summary>
    ValueTask TrimAsync(int partition, long offset, CancellationToken cancellationToken);
}

/// <summary>Identity of a log.</summary>
/// <param name="Kind"><c>embedded</c> or <c>kafka</c>.</param>
/// <param name="ClusterId">Unique per log or cluster; for the embedded log a random id made with the file.</param>
/// <param name="Topic">The topic's name.</param>
/// <param name="TopicId">The topic's id where the log has one, else empty.</param>
public sealed record LogSource(string Kind, string ClusterId, string Topic, string TopicId);

/// <summary>A place in the log.</summary>
public readonly record struct LogPosition(int Partition, long Offset)
{
    public override string ToString() => $"{Partition}-{Offset}";
}

/// <summary>A record to append.</summary>
/// <param name="Partition">0 to <see cref="ICommitLog.PartitionCount"/> - 1.</param>
/// <param name="RecordTimeMs">Unix milliseconds, stored with the record. The caller decides: host clock at arrival, or the newest event time when history is loaded.</param>
/// <param name="Value">One object, an array or NDJSON; must not change until the append returns.</param>
public readonly record struct LogRecord(int Partition, long RecordTimeMs, ReadOnlyMemory<byte> Value);

/// <summary>A dead letter for others to take.</summary>
/// <param name="Item">Place within its record.</param>
/// <param name="Key">The record's key, or empty.</param>
/// <param name="Payload">The item's bytes as received; of a record that cannot be read, all of it.</param>
public sealed record ForwardedDeadLetter(
    long Offset, int Item, string Reason, string? Detail, long RecordTimeMs, ReadOnlyMemory<byte> Key, byte[] Payload);

/// <summary>First and next offset of a partition.</summary>
public readonly record struct LogBounds(long Start, long HighWatermark);

/// <summary>An HTTP request that may be repeated.</summary>
/// <param name="Key">The Idempotency-Key, 1-200 visible ASCII characters.</param>
/// <param name="BodySha256">Hash of the body; the same key with another body is a conflict.</param>
/// <param name="Answer">The answer's JSON without the position; repeated verbatim.</param>
/// <param name="Positions">Where the records went, in order; ignored on append.</param>
public sealed record IdempotentRequest(string Key, string BodySha256, string Answer, IReadOnlyList<LogPosition> Positions);

/// <summary>What an append did.</summary>
/// <param name="Positions">One per record, in order.</param>
/// <param name="Earlier">Set when a request with this key had been appended before: nothing was appended now. Compare the hash.</param>
public readonly record struct AppendResult(IReadOnlyList<LogPosition> Positions, IdempotentRequest? Earlier);

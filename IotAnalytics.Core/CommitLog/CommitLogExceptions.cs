namespace IotAnalytics.Core.CommitLog;

/// <summary>The log cannot be opened or used; the message is one line for the operator.</summary>
public class CommitLogException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The log has reached its byte bound. Retry when the pipeline has caught up.</summary>
public sealed class LogFullException(long maxBytes)
    : CommitLogException($"The commit log is full ({maxBytes} bytes, CommitLog:Embedded:MaxBytes).");

/// <summary>The log cannot be written now (disk full, closing). Nothing was appended; retry.</summary>
public sealed class LogUnavailableException(string message, Exception? inner = null) : CommitLogException(message, inner);

/// <summary>The log never takes a record of this size. Nothing was appended; a repetition is of no use.</summary>
public sealed class RecordTooLargeException(int bytes, int maxBytes)
    : CommitLogException($"A record of {bytes} bytes is above what the Kafka topic takes: {maxBytes} bytes (its max.message.bytes less the record's header).");

/// <summary>Records that were asked for are no longer in the log.</summary>
public sealed class OffsetTrimmedException(int partition, long offset, long start)
    : CommitLogException($"Partition {partition}: offset {offset} was trimmed, the log starts at {start}.")
{
    /// <summary>The first offset that can be read.</summary>
    public long Start { get; } = start;
}

using Confluent.Kafka;
using IotAnalytics.Core.CommitLog.Kafka.Native;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// Reads one partition from the host's reading client. No thread of its own: records that are there are copied on the caller's thread, and while there are none a
/// signal of the client is awaited. The client fetches ahead by a bounded number of bytes, which is all the back-pressure that is needed.
/// Where to read is what the caller says.
/// </summary>
internal sealed class PartitionReader : IAsyncDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Question = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(15);

    private readonly ReadingClients _clients;
    private readonly int _partition;
    private readonly KafkaBounds _bounds;
    private readonly Func<CommitLogException?> _failure;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _free = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private ReadingClient? _client;
    private PartitionQueue? _queue;
    private long _next = -1;
    private long _heardAt;
    private (long Offset, int Times) _stuck = (-1, 0);
    private TimeSpan _backoff = FirstBackoff;
    private volatile bool _closed;

    /// <param name="failure">Why nothing may be read any more, or null.</param>
    public PartitionReader(ReadingClients clients, int partition, KafkaBounds bounds, Func<CommitLogException?> failure, ILogger logger) =>
        (_clients, _partition, _bounds, _failure, _logger) = (clients, partition, bounds, failure, logger);

    /// <summary>When nothing comes for so long although there is something, the fetching begins anew, and then the client, once each for a place.</summary>
    public long StuckMs { get; init; } = 30_000;

    /// <summary>As <see cref="ICommitLog.ReadAsync"/>.</summary>
    public async ValueTask ReadAsync(long offset, RecordBatch into, int maxBytes, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await WaitForRecordAsync(offset, maxWait, cancellationToken).ConfigureAwait(false))
            {
                Take(into, maxBytes);
            }
        }
        catch (OperationCanceledException) when (_closed && !cancellationToken.IsCancellationRequested)
        {
            throw new LogUnavailableException(KafkaCommitLog.Closing);
        }
        finally
        {
            _free.Release();
        }

        // What is at hand is read without waiting: partitions that have more must not keep the others from their turn.
        await Task.Yield();
    }

    /// <summary>The time of the record that comes next at <paramref name="offset"/>, without taking it; null when none came in time.
    /// For the place where the reading stands; anywhere else it moves the reader.</summary>
    public async Task<long?> PeekAsync(long offset, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await WaitForRecordAsync(offset, maxWait, cancellationToken).ConfigureAwait(false) ? _queue!.NextTime : null;
        }
        catch (OperationCanceledException) when (_closed && !cancellationToken.IsCancellationRequested)
        {
            throw new LogUnavailableException(KafkaCommitLog.Closing);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>The next record is this one: its time is at hand.</summary>
    public bool StandsAt(long offset) => Volatile.Read(ref _next) == offset;

    /// <summary>Lets go of the client and of what was fetched; a later read begins anew.</summary>
    public async Task RestAsync()
    {
        await _free.WaitAsync().ConfigureAwait(false);
        try
        {
            await DropAsync().ConfigureAwait(false);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>A read that waits ends with <see cref="LogUnavailableException"/>. The semaphore stays: a late caller may still come to it.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        await RestAsync().ConfigureAwait(false);
    }

    private async Task EnterAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_closed)
        {
            _free.Release();
            throw new LogUnavailableException(KafkaCommitLog.Closing);
        }
    }

    /// <summary>True when the queue's next is a record.</summary>
    private async ValueTask<bool> WaitForRecordAsync(long offset, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        if (_queue is null || _client!.Broken is not null || offset != _next)
        {
            await MoveToAsync(offset, cancellationToken).ConfigureAwait(false);
        }

        var until = Environment.TickCount64 + (long)Math.Min(maxWait.TotalMilliseconds, int.MaxValue);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_failure() is { } failure)
            {
                throw failure;
            }

            if (_client!.Broken is { } broken)
            {
                await AgainAsync(broken).ConfigureAwait(false);
            }

            if (_queue!.HasNext)
            {
                if (_queue.NextError == ErrorCode.NoError)
                {
                    return true;
                }

                await RecoverAsync(_queue.NextError, cancellationToken).ConfigureAwait(false);
                continue;
            }

            var left = until - Environment.TickCount64;
            if (left <= 0)
            {
                return false;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
            await _queue.WaitAsync(left < Slice.TotalMilliseconds ? TimeSpan.FromMilliseconds(left) : Slice, either.Token).ConfigureAwait(false);
            await LookIfStuckAsync(either.Token).ConfigureAwait(false);
        }
    }

    private void Take(RecordBatch into, int maxBytes)
    {
        var queue = _queue!;
        do
        {
            _next = queue.NextOffset + 1;
            queue.Take(into);
        }
        while (into.ByteCount < maxBytes && queue.HasNext && queue.NextError == ErrorCode.NoError && into.ByteCount + queue.NextLength <= maxBytes);

        _heardAt = Environment.TickCount64;
        _backoff = FirstBackoff;
        _bounds.Raise(_partition, _next);
    }

    private async Task MoveToAsync(long offset, CancellationToken cancellationToken)
    {
        await CheckAsync(offset, cancellationToken).ConfigureAwait(false);
        if (_queue is not null)
        {
            await DropAsync().ConfigureAwait(false);
        }

        Volatile.Write(ref _next, offset);
        Start();
    }

    private void Start()
    {
        while (_queue is null)
        {
            // Given up between the two only when it has just broken: then there is a new one.
            _client = _clients.Current();
            _queue = _client.Start(_partition, _next);
        }

        _heardAt = Environment.TickCount64;
        _bounds.Follow(_partition, isRead: true);
    }

    /// <exception cref="OffsetTrimmedException">The log begins later.</exception>
    private async Task CheckAsync(long offset, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var bounds = await _bounds.AskAsync(_partition, Question, either.Token).ConfigureAwait(false);
        if (offset < bounds.Start)
        {
            throw new OffsetTrimmedException(_partition, offset, bounds.Start);
        }

        if (offset > bounds.HighWatermark)
        {
            throw new CommitLogException($"Partition {_partition}: offset {offset} is beyond the log's end {bounds.HighWatermark}.");
        }
    }

    private async Task RecoverAsync(ErrorCode error, CancellationToken cancellationToken)
    {
        if (error == ErrorCode.Local_PartitionEOF)
        {
            _queue!.Skip();
            return;
        }

        await DropAsync().ConfigureAwait(false);
        Log.ConsumerRebuilt(_logger, _partition, _next, error.GetReason());
        KafkaMeters.Rebuilt("partition");
        if (error is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange or ErrorCode.Local_LogTruncation)
        {
            await CheckAsync(_next, cancellationToken).ConfigureAwait(false);
        }

        using (var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token))
        {
            await Task.Delay(_backoff, either.Token).ConfigureAwait(false);
        }

        _backoff = _backoff * 2 < LongestBackoff ? _backoff * 2 : LongestBackoff;
        Start();
    }

    /// <summary>The watchdog: the cluster has more, but nothing comes.</summary>
    private async Task LookIfStuckAsync(CancellationToken cancellationToken)
    {
        if (Environment.TickCount64 - _heardAt < StuckMs)
        {
            return;
        }

        _heardAt = Environment.TickCount64;
        var bounds = await _bounds.GetAsync(_partition, cancellationToken).ConfigureAwait(false);
        if (bounds.HighWatermark <= _next)
        {
            return;
        }

        // Behind the last record there may be marks of transactions that are never handed over: not for ever.
        _stuck = _stuck.Offset == _next ? (_next, _stuck.Times + 1) : (_next, 1);
        const string Reason = "records wait, but none came";
        if (_stuck.Times == 2)
        {
            _client!.Break(Reason);
        }
        else if (_stuck.Times == 1)
        {
            await AgainAsync(Reason).ConfigureAwait(false);
        }
    }

    /// <summary>Fetches from the same place anew, from a new client where the old one is broken.</summary>
    private async Task AgainAsync(string reason)
    {
        Log.ConsumerRebuilt(_logger, _partition, _next, reason);
        KafkaMeters.Rebuilt("partition");
        await DropAsync().ConfigureAwait(false);
        Start();
    }

    /// <summary>Ending the fetch blocks for a moment, and is never left half done.</summary>
    private Task DropAsync() => Task.Run(Drop, CancellationToken.None);

    private void Drop()
    {
        _bounds.Follow(_partition, isRead: false);
        if (_queue is not null)
        {
            _client!.Stop(_queue);
        }

        (_queue, _client) = (null, null);
    }
}

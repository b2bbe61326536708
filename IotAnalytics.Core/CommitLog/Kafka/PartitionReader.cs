using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// Reads one partition with a consumer of its own, on a thread of its own: the client's calls block, and its fetches run ahead by a bounded number of
/// bytes, which is all the back-pressure that is needed. The consumer is assigned, never subscribed; where to read is what the caller says.
/// </summary>
internal sealed class PartitionReader : IDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Question = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(15);

    /// <summary>A consumer that gets nothing for so long although there is something is made anew, once for each place.</summary>
    private const long StuckMs = 30_000;

    private readonly KafkaClients _clients;
    private readonly TopicPartition _partition;
    private readonly KafkaBounds _bounds;
    private readonly long _fetchAheadBytes;
    private readonly Func<CommitLogException?> _failure;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _free = new(1, 1);
    private readonly SemaphoreSlim _given = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly StagedRecord _staging = new();
    private readonly Thread _thread;
    private Request? _request;
    private IConsumer<StagedBytes, StagedBytes>? _consumer;
    private ConsumeResult<StagedBytes, StagedBytes>? _ahead;
    private long _next = -1;
    private long _heardAt;
    private long _rebuiltAt = -1;
    private TimeSpan _backoff = FirstBackoff;
    private volatile string? _fatal;
    private volatile bool _closed;

    /// <param name="failure">Why nothing may be read any more, or null.</param>
    public PartitionReader(KafkaClients clients, TopicPartition partition, KafkaBounds bounds, long fetchAheadBytes, Func<CommitLogException?> failure, ILogger logger)
    {
        (_clients, _partition, _bounds, _fetchAheadBytes, _failure, _logger) = (clients, partition, bounds, fetchAheadBytes, failure, logger);
        _thread = new Thread(Run) { IsBackground = true, Name = $"kafka partition {partition.Partition.Value}" };
        _thread.Start();
    }

    /// <summary>As <see cref="ICommitLog.ReadAsync"/>.</summary>
    public Task ReadAsync(long offset, RecordBatch into, int maxBytes, TimeSpan maxWait, CancellationToken cancellationToken) =>
        AskAsync(new Request(offset, into, maxBytes, maxWait, cancellationToken), cancellationToken);

    /// <summary>The time of the record that comes next at <paramref name="offset"/>, without taking it; null when none came in time.
    /// For the place where the reading stands; anywhere else it moves the reader.</summary>
    public async Task<long?> PeekAsync(long offset, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        var request = new Request(offset, Into: null, MaxBytes: 0, maxWait, cancellationToken);
        await AskAsync(request, cancellationToken).ConfigureAwait(false);
        return request.RecordTimeMs;
    }

    /// <summary>The consumer's next record is this one: its time is at hand.</summary>
    public bool StandsAt(long offset) => Volatile.Read(ref _next) == offset;

    /// <summary>A read that waits ends with <see cref="LogUnavailableException"/>. The semaphores stay: a late caller may still come to them.</summary>
    public void Dispose()
    {
        _closed = true;
        _stop.Cancel();
        _given.Release();
        _thread.Join();
        _stop.Dispose();
    }

    private async Task AskAsync(Request request, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosed();
            _request = request;
            _given.Release();
            if (_closed && Interlocked.Exchange(ref _request, null) is not null)
            {
                // The thread has ended, or is about to, without having seen it.
                throw new LogUnavailableException(KafkaCommitLog.Closing);
            }

            // The thread looks at the token itself: until it has answered, it may be writing into the batch.
            await request.Task.ConfigureAwait(false);
        }
        finally
        {
            _free.Release();
        }
    }

    private void Run()
    {
        while (!_closed)
        {
            _given.Wait();
            if (Interlocked.Exchange(ref _request, null) is { } request)
            {
                Answer(request);
            }
        }

        Interlocked.Exchange(ref _request, null)?.SetException(new LogUnavailableException(KafkaCommitLog.Closing));
        Drop();
    }

    private void Answer(Request request)
    {
        try
        {
            Serve(request);
            request.SetResult();
        }
        catch (OperationCanceledException) when (request.Cancellation.IsCancellationRequested)
        {
            request.SetCanceled(request.Cancellation);
        }
        catch (OperationCanceledException) when (_closed)
        {
            request.SetException(new LogUnavailableException(KafkaCommitLog.Closing));
        }
        catch (Exception e)
        {
            request.SetException(e);
        }
    }

    private void Serve(Request request)
    {
        MoveTo(request.Offset, request.Cancellation);
        var until = Environment.TickCount64 + (long)Math.Min(request.MaxWait.TotalMilliseconds, int.MaxValue);
        while (_ahead is null)
        {
            ThrowIfClosed();
            request.Cancellation.ThrowIfCancellationRequested();
            if (_failure() is { } failure)
            {
                throw failure;
            }

            var left = until - Environment.TickCount64;
            _ahead = Consume(TimeSpan.FromMilliseconds(Math.Clamp(left, 0, Slice.TotalMilliseconds)), request.Cancellation);
            if (_ahead is null && left <= 0)
            {
                return;
            }
        }

        if (request.Into is null)
        {
            request.RecordTimeMs = TimeOf(_ahead);
            return;
        }

        while (_ahead is { } record && (request.Into.Count == 0 || request.Into.ByteCount + record.Message.Value.Length <= request.MaxBytes))
        {
            var (key, value) = (record.Message.Key, record.Message.Value);
            _staging.Bytes(value).CopyTo(request.Into.Add(
                record.Offset.Value, TimeOf(record), value.Length, _staging.Bytes(key), RecordHeaders.ToJson(record.Message.Headers)));
            _next = record.Offset.Value + 1;
            _ahead = null;
            if (request.Into.ByteCount < request.MaxBytes)
            {
                _ahead = Consume(TimeSpan.Zero, request.Cancellation);
            }
        }

        _bounds.Raise(_partition.Partition.Value, _next);
    }

    /// <summary>Assigns the partition at this offset unless that is where the consumer stands.</summary>
    private void MoveTo(long offset, CancellationToken cancellationToken)
    {
        if (_consumer is not null && _fatal is null && offset == _next)
        {
            return;
        }

        Check(offset, cancellationToken);
        if (_fatal is { } reason)
        {
            Rebuild(reason);
        }

        _ahead = null;
        _next = offset;
        Assign();
    }

    private void Assign()
    {
        _consumer ??= _clients.Consumer(_staging, _fetchAheadBytes, error => _fatal = error.Reason);
        _consumer.Assign(new TopicPartitionOffset(_partition, _next));
        _heardAt = Environment.TickCount64;
        _bounds.Follow(_partition.Partition.Value, isRead: true);
    }

    /// <exception cref="OffsetTrimmedException">The log begins later.</exception>
    private void Check(long offset, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var bounds = _bounds.AskAsync(_partition.Partition.Value, Question, either.Token).GetAwaiter().GetResult();
        if (offset < bounds.Start)
        {
            throw new OffsetTrimmedException(_partition.Partition.Value, offset, bounds.Start);
        }

        if (offset > bounds.HighWatermark)
        {
            throw new CommitLogException($"Partition {_partition.Partition.Value}: offset {offset} is beyond the log's end {bounds.HighWatermark}.");
        }
    }

    private ConsumeResult<StagedBytes, StagedBytes>? Consume(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_fatal is { } reason)
        {
            Rebuild(reason);
        }

        if (_consumer is null)
        {
            Assign();
        }

        try
        {
            _staging.Clear();
            var result = _consumer!.Consume(timeout);
            if (result?.Message is null)
            {
                LookIfStuck(timeout, cancellationToken);
                return null;
            }

            _heardAt = Environment.TickCount64;
            _backoff = FirstBackoff;
            if (_consumer.GetWatermarkOffsets(_partition) is { High.IsSpecial: false } watermarks)
            {
                _bounds.Raise(_partition.Partition.Value, watermarks.High.Value);
            }

            return result;
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange or ErrorCode.Local_LogTruncation)
        {
            Rebuild(e.Error.Reason);
            Check(_next, cancellationToken);
            BackOff(cancellationToken);
            return null;
        }
        catch (ConsumeException e)
        {
            Rebuild(e.Error.Reason);
            BackOff(cancellationToken);
            return null;
        }
    }

    private void BackOff(CancellationToken cancellationToken)
    {
        WaitHandle.WaitAny([cancellationToken.WaitHandle, _stop.Token.WaitHandle], _backoff);
        _backoff = _backoff * 2 < LongestBackoff ? _backoff * 2 : LongestBackoff;
    }

    /// <summary>The watchdog: the cluster has more, but nothing comes.</summary>
    private void LookIfStuck(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout == TimeSpan.Zero || Environment.TickCount64 - _heardAt < StuckMs)
        {
            return;
        }

        _heardAt = Environment.TickCount64;
        var bounds = _bounds.GetAsync(_partition.Partition.Value, cancellationToken).AsTask().GetAwaiter().GetResult();
        if (bounds.HighWatermark > _next && _rebuiltAt != _next)
        {
            // Once: behind the last record there may be marks of transactions that are never handed over.
            _rebuiltAt = _next;
            Rebuild("records wait, but none came");
        }
    }

    private void Rebuild(string reason)
    {
        Log.ConsumerRebuilt(_logger, _partition.Partition.Value, _next, reason);
        KafkaMeters.Rebuilt("consumer");
        Drop();
    }

    private void Drop()
    {
        _bounds.Follow(_partition.Partition.Value, isRead: false);
        _ahead = null;
        _fatal = null;
        _consumer?.Dispose();
        _consumer = null;
    }

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            throw new LogUnavailableException(KafkaCommitLog.Closing);
        }
    }

    private static long TimeOf(ConsumeResult<StagedBytes, StagedBytes> record) =>
        record.Message.Timestamp.Type == TimestampType.NotAvailable ? LogRecordInfo.NoTime : record.Message.Timestamp.UnixTimestampMs;

    /// <summary>A question to the thread; without a batch only the next record's time is asked for.</summary>
    private sealed class Request(long offset, RecordBatch? Into, int MaxBytes, TimeSpan maxWait, CancellationToken cancellation)
        : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Offset => offset;
        public RecordBatch? Into { get; } = Into;
        public int MaxBytes { get; } = MaxBytes;
        public TimeSpan MaxWait => maxWait;
        public CancellationToken Cancellation => cancellation;
        public long? RecordTimeMs { get; set; }
    }
}

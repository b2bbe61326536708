namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>
/// One partition in memory. <see cref="Start"/> and <see cref="Next"/> are what readers see; the writer's own fields run ahead within a
/// transaction and are set back when it fails.
/// </summary>
internal sealed class PartitionState(int index, long start, long next, long savedNext, long deletedBelow, long byteCount)
{
    private readonly Lock _lock = new();
    private readonly List<AppendWaiter> _waiters = [];
    private long _start = start;
    private long _next = next;
    private bool _closed;

    public int Index => index;

    /// <summary>First readable offset.</summary>
    public long Start => Volatile.Read(ref _start);

    /// <summary>Offset after the last durable record.</summary>
    public long Next => Volatile.Read(ref _next);

    /// <summary>Writer: the offset that the next record gets.</summary>
    public long PendingNext { get; set; } = next;

    /// <summary>Writer: rows below are gone from the file, in the transaction and for certain.</summary>
    public long PendingDeletedBelow { get; set; } = deletedBelow;
    public long DeletedBelow { get; private set; } = deletedBelow;

    /// <summary>Writer: bytes of the rows in the file, in the transaction and for certain.</summary>
    public long PendingByteCount { get; set; } = byteCount;
    public long ByteCount { get; private set; } = byteCount;

    /// <summary>Writer: how far the partition's row in the file counts; what came after is added up at open.</summary>
    public long PendingSavedNext { get; set; } = savedNext;
    public long SavedNext { get; private set; } = savedNext;

    /// <summary>Writer: records that may be deleted are still in the file.</summary>
    public bool HasGarbage => DeletedBelow < Start;

    /// <summary>Moves the start up; never down, and not beyond what is durable.</summary>
    public void RaiseStart(long offset)
    {
        lock (_lock)
        {
            _start = Math.Max(_start, Math.Min(offset, _next));
        }
    }

    /// <summary>Writer: the transaction is durable.</summary>
    public void Publish()
    {
        DeletedBelow = PendingDeletedBelow;
        ByteCount = PendingByteCount;
        SavedNext = PendingSavedNext;
        if (PendingNext == Next)
        {
            return;
        }

        lock (_lock)
        {
            Volatile.Write(ref _next, PendingNext);
            WakeWaiters_NeedsLock();
        }
    }

    /// <summary>Writer: the transaction was rolled back.</summary>
    public void Revert()
    {
        PendingNext = Next;
        PendingDeletedBelow = DeletedBelow;
        PendingByteCount = ByteCount;
        PendingSavedNext = SavedNext;
    }

    /// <summary>Completes when there is a record at <paramref name="offset"/> (true), the time is over or the log closes (false).</summary>
    public async ValueTask<bool> WaitAsync(long offset, TimeSpan maxWait, TimeProvider time, CancellationToken cancellationToken)
    {
        AppendWaiter waiter;
        lock (_lock)
        {
            if (offset < _next || _closed || maxWait <= TimeSpan.Zero)
            {
                return offset < _next;
            }

            waiter = new AppendWaiter();
            _waiters.Add(waiter);
        }

        using var timer = time.CreateTimer(static w => ((AppendWaiter)w!).TrySetResult(), waiter, maxWait, Timeout.InfiniteTimeSpan);
        using var registration = cancellationToken.Register(static (w, token) => ((AppendWaiter)w!).TrySetCanceled(token), waiter);
        try
        {
            await waiter.Task.ConfigureAwait(false);
            return offset < Next;
        }
        finally
        {
            lock (_lock)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            WakeWaiters_NeedsLock();
        }
    }

    private void WakeWaiters_NeedsLock()
    {
        foreach (var waiter in _waiters)
        {
            waiter.TrySetResult();
        }
    }

    // Continuations run elsewhere: the writer's thread only commits.
    private sealed class AppendWaiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
}

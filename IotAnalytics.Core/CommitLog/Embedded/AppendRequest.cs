namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>One call of append on its way through the writer. Until the writer takes it, it can be cancelled; afterwards its bytes are in use
/// and the caller waits for the outcome.</summary>
internal sealed class AppendRequest(IReadOnlyList<LogRecord> records, IdempotentRequest? idempotent, long byteCount)
    : TaskCompletionSource<AppendResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private int _decided;

    public IReadOnlyList<LogRecord> Records => records;
    public IdempotentRequest? Idempotent => idempotent;
    public long ByteCount => byteCount;

    /// <summary>Writer: what to answer once the group is durable.</summary>
    public AppendResult Outcome { get; set; }

    /// <summary>Writer: why this request alone was refused.</summary>
    public Exception? Refusal { get; set; }

    /// <summary>Writer: false when the caller has gone.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _decided, 1) == 0;

    public void Cancel(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _decided, 1) == 0)
        {
            TrySetCanceled(cancellationToken);
        }
    }

    /// <summary>Writer: the group is durable.</summary>
    public void Complete()
    {
        if (Refusal is null)
        {
            TrySetResult(Outcome);
        }
        else
        {
            TrySetException(Refusal);
        }
    }
}

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// Counts the calls of a client that are under way. They block and cannot be interrupted, so whoever asked may be gone long before they end; a client that is
/// disposed under a call ends the process.
/// </summary>
internal sealed class ClientCalls
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running = 1;
    private bool _closing;

    /// <summary>Makes the call, or returns false: the client is closing.</summary>
    public bool TryRun(Action call)
    {
        lock (_lock)
        {
            if (_closing)
            {
                return false;
            }

            _running++;
        }

        try
        {
            call();
            return true;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Lets no call begin any more; the task completes when the last one has ended.</summary>
    public Task CloseAsync()
    {
        lock (_lock)
        {
            if (_closing)
            {
                return _ended.Task;
            }

            _closing = true;
        }

        Leave();
        return _ended.Task;
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_running > 0)
            {
                return;
            }
        }

        _ended.SetResult();
    }
}

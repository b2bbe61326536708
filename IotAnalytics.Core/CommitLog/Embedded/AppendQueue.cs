namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>
/// Appends on their way to the writer's thread, bounded in bytes: beyond the bound the disk does not keep up, and more bodies
/// in memory would not help, so further ones are refused.
/// </summary>
internal sealed class AppendQueue(long maxBytes)
{
    private readonly Queue<AppendRequest> _requests = new();
    private readonly object _lock = new();
    private long _bytes;
    private bool _woken;
    private string? _closed;

    /// <exception cref="LogUnavailableException">The bound is reached or the log is closed.</exception>
    public void Add(AppendRequest request)
    {
        lock (_lock)
        {
            if (_closed is not null)
            {
                throw new LogUnavailableException(_closed);
            }

            // One request always fits, however large.
            if (_bytes > 0 && _bytes + request.ByteCount > maxBytes)
            {
                throw new LogUnavailableException($"The commit log does not keep up: {_bytes} bytes wait for the disk.");
            }

            _bytes += request.ByteCount;
            _requests.Enqueue(request);
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>The next request whose caller still waits.</summary>
    public bool TryTake(out AppendRequest request)
    {
        lock (_lock)
        {
            while (_requests.TryDequeue(out var next))
            {
                _bytes -= next.ByteCount;
                if (next.TryTake())
                {
                    request = next;
                    return true;
                }
            }
        }

        request = null!;
        return false;
    }

    /// <summary>Waits until there is a request, <see cref="Wake"/> was called or the time is over. False: closed, and nothing is left.</summary>
    public bool Wait(TimeSpan atMost)
    {
        lock (_lock)
        {
            if (_requests.Count == 0 && !_woken && _closed is null)
            {
                Monitor.Wait(_lock, atMost);
            }

            _woken = false;
            return _requests.Count > 0 || _closed is null;
        }
    }

    /// <summary>There is other work for the writer.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            _woken = true;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Takes no more; what is queued is still served. The first reason stays.</summary>
    public void Close(string reason)
    {
        lock (_lock)
        {
            _closed ??= reason;
            Monitor.PulseAll(_lock);
        }
    }
}

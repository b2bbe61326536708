using System.Data;
using System.Data.Common;
using System.Threading.Channels;
using Npgsql;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>
/// Each transaction has a pooled connection and one of a few threads of its own: its statements block, and the thread pool belongs to the scoring.
/// READ COMMITTED and not higher: a claim that waits for a live commit must see the offsets that this commit leaves.
/// </summary>
internal sealed class PostgreSqlWriter(NpgsqlDataSource source) : DatabaseWriter
{
    /// <summary>Transactions that run at once; a host's partitions mostly wait for the server's disk in them.</summary>
    private const int MostThreads = 8;

    private readonly Channel<Action> _queue = Channel.CreateBounded<Action>(256);
    private readonly Lock _startLock = new();
    private readonly List<Thread> _threads = [];
    private int _idle;

    public override async Task<T> WriteAsync<T>(Func<DbTransaction, T> work, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        EnsureThread();
        await _queue.Writer.WriteAsync(
            () =>
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    done.TrySetCanceled(cancellationToken);
                    return;
                }

                try
                {
                    done.TrySetResult(Run(work));
                }
                catch (Exception e)
                {
                    done.TrySetException(e);
                }
            },
            cancellationToken).ConfigureAwait(false);
        return await done.Task.ConfigureAwait(false);
    }

    public override ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        return ValueTask.CompletedTask;
    }

    private T Run<T>(Func<DbTransaction, T> work)
    {
        using var connection = source.OpenConnection();
        using var transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
        var result = work(transaction);
        transaction.Commit();
        return result;
    }

    private void EnsureThread()
    {
        if (Volatile.Read(ref _idle) > _queue.Reader.Count || _threads.Count == MostThreads)
        {
            return;
        }

        lock (_startLock)
        {
            if (_threads.Count < MostThreads)
            {
                var thread = new Thread(Serve) { IsBackground = true, Name = $"database writer {_threads.Count}" };
                _threads.Add(thread);
                thread.Start();
            }
        }
    }

    private void Serve()
    {
        while (true)
        {
            Interlocked.Increment(ref _idle);
            // Waiting for the task itself spins first, and takes a processor from what fills the queue.
            using var more = _queue.Reader.WaitToReadAsync().AsTask();
            if (!more.IsCompleted)
            {
                ((IAsyncResult)more).AsyncWaitHandle.WaitOne();
            }

            Interlocked.Decrement(ref _idle);
            if (!more.Result)
            {
                return;
            }

            while (_queue.Reader.TryRead(out var work))
            {
                work();
            }
        }
    }
}

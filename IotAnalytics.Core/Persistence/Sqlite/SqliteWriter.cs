using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace IotAnalytics.Core.Persistence.Sqlite;

/// <summary>
/// The one connection that writes to SQLite, on a thread of its own and fed by a bounded queue: writers never meet
/// SQLITE_BUSY among themselves. Transactions begin IMMEDIATE.
/// </summary>
internal sealed class SqliteWriter(string connectionString) : DatabaseWriter
{
    private readonly Channel<Action<SqliteConnection>> _queue =
        Channel.CreateBounded<Action<SqliteConnection>>(new BoundedChannelOptions(256) { SingleReader = true });
    private readonly Lock _startLock = new();
    private Thread? _thread;

    public override async Task<T> WriteAsync<T>(Func<DbTransaction, T> work, CancellationToken cancellationToken)
    {
        EnsureStarted();
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(
            connection =>
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    done.TrySetCanceled(cancellationToken);
                    return;
                }

                try
                {
                    using var transaction = connection.BeginTransaction(deferred: false);
                    var result = work(transaction);
                    transaction.Commit();
                    done.TrySetResult(result);
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
        _thread?.Join();
        // Readers share the pool; a closed database must not be held open by it.
        using var pooled = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(pooled);
        return ValueTask.CompletedTask;
    }

    private void EnsureStarted()
    {
        if (_thread is not null)
        {
            return;
        }

        lock (_startLock)
        {
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "database writer" };
                _thread.Start();
            }
        }
    }

    private void Run()
    {
        SqliteConnection? connection = null;
        try
        {
            while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (_queue.Reader.TryRead(out var work))
                {
                    connection ??= SqliteDatabase.OpenWriter(connectionString);
                    work(connection);
                }
            }
        }
        finally
        {
            connection?.Dispose();
        }
    }
}

using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace IotAnalytics.Core.Persistence;

/// <summary>
/// The one connection that writes to SQLite, on a thread of its own and fed by a bounded queue: writers never meet
/// SQLITE_BUSY among themselves, and a transaction is one callback. Failures roll back and reach the caller.
/// </summary>
public sealed class DatabaseWriter : IAsyncDisposable
{
    private readonly Channel<Action<SqliteConnection>> _queue =
        Channel.CreateBounded<Action<SqliteConnection>>(new BoundedChannelOptions(256) { SingleReader = true });
    private readonly string _connectionString;
    private readonly Lock _startLock = new();
    private Thread? _thread;

    public DatabaseWriter(string connectionString) => _connectionString = connectionString;

    /// <summary>Runs <paramref name="work"/> inside BEGIN IMMEDIATE … COMMIT on the writer's thread. The work uses the transaction's
    /// connection and must not keep it.</summary>
    public async Task<T> WriteAsync<T>(Func<DbTransaction, T> work, CancellationToken cancellationToken)
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

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Action<DbTransaction> work, CancellationToken cancellationToken) => WriteAsync(
        transaction =>
        {
            work(transaction);
            return true;
        },
        cancellationToken);

    /// <summary>Finishes what is queued, then closes.</summary>
    public ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        _thread?.Join();
        // Readers share the pool; a closed database must not be held open by it.
        using var pooled = new SqliteConnection(_connectionString);
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
                    connection ??= SqliteDatabase.OpenWriter(_connectionString);
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

using System.Data.Common;

namespace IotAnalytics.Core.Persistence;

/// <summary>Writes with plain SQL: a transaction is one callback, committed when it returns and rolled back when it throws. Safe for many threads.</summary>
public abstract class DatabaseWriter : IAsyncDisposable
{
    /// <summary>Runs <paramref name="work"/> inside a transaction. The work uses the transaction's connection and must not keep it.</summary>
    /// <exception cref="DbException">The database does not answer or refused; whether a commit took place is then not known.</exception>
    public abstract Task<T> WriteAsync<T>(Func<DbTransaction, T> work, CancellationToken cancellationToken);

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Action<DbTransaction> work, CancellationToken cancellationToken) => WriteAsync(
        transaction =>
        {
            work(transaction);
            return true;
        },
        cancellationToken);

    /// <summary>Finishes what is queued, then closes.</summary>
    public abstract ValueTask DisposeAsync();
}

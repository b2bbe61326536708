using System.Data.Common;

namespace IotAnalytics.Core.Persistence;

/// <summary>
/// Reads with plain SQL on connections of their own: one snapshot for each call, which waits for no writer. For what must not wait for EF Core to
/// come up, or is asked with every request.
/// </summary>
public abstract class DatabaseReader
{
    /// <summary>Runs <paramref name="read"/> in a transaction that only reads. The work uses its connection and must not keep it.</summary>
    /// <exception cref="DbException">The database does not answer.</exception>
    public abstract Task<T> ReadAsync<T>(Func<DbTransaction, T> read, CancellationToken cancellationToken);
}

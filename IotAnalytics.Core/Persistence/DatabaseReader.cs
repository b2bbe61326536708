using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace IotAnalytics.Core.Persistence;

/// <summary>
/// Reads with plain SQL on connections of their own: one snapshot for each call, which waits for no writer. For what must not wait for EF Core to
/// come up, or is asked with every request.
/// </summary>
public sealed class DatabaseReader(string connectionString)
{
    /// <summary>Runs <paramref name="read"/> in a transaction that only reads. The work uses its connection and must not keep it.</summary>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task<T> ReadAsync<T>(Func<DbTransaction, T> read, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = connection.BeginTransaction(deferred: true);
        return read(transaction);
    }
}

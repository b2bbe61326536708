using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace IotAnalytics.Core.Persistence.Sqlite;

/// <summary>Each call has a pooled connection and a deferred transaction, which in WAL is one snapshot.</summary>
internal sealed class SqliteReader(string connectionString) : DatabaseReader
{
    public override async Task<T> ReadAsync<T>(Func<DbTransaction, T> read, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = connection.BeginTransaction(deferred: true);
        return read(transaction);
    }
}

using System.Data;
using System.Data.Common;
using Npgsql;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>Each call has a pooled connection and a REPEATABLE READ transaction, which is one snapshot.</summary>
internal sealed class PostgreSqlReader(NpgsqlDataSource source) : DatabaseReader
{
    // A thread of the pool is held by a read that runs, and that for as long as a statement may take; by none that waits for a server which does not answer.
    public override Task<T> ReadAsync<T>(Func<DbTransaction, T> read, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
            return read(transaction);
        },
        cancellationToken);
}

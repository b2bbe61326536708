using System.Data;
using System.Data.Common;
using Npgsql;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>Each call has a pooled connection and a REPEATABLE READ transaction, which is one snapshot.</summary>
internal sealed class PostgreSqlReader(NpgsqlDataSource source) : DatabaseReader
{
    public override Task<T> ReadAsync<T>(Func<DbTransaction, T> read, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var connection = source.OpenConnection();
            using var transaction = connection.BeginTransaction(IsolationLevel.RepeatableRead);
            return read(transaction);
        },
        cancellationToken);
}

using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Persistence.Sqlite;

internal sealed class SqliteMigrator(IDbContextFactory<AnalyticsDbContext> contexts, DatabaseWriter writer, IOptions<DatabaseOptions> options)
    : DatabaseMigrator(contexts, options)
{
    private protected override string SchemaScript => "sqlite/schema.sql";

    private protected override async Task<string?> CreateOrFindAsync(bool create, Task allowed, CancellationToken cancellationToken)
    {
        await allowed.ConfigureAwait(false);
        return await writer.WriteAsync(transaction => create ? CreateOrFind(transaction) : null, cancellationToken).ConfigureAwait(false);
    }

    private string? CreateOrFind(DbTransaction transaction)
    {
        if (Count(transaction, "SELECT count(*) FROM sqlite_master WHERE type = 'table'") == 0)
        {
            transaction.Execute(Script(SchemaScript));
        }

        if (Count(transaction, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '__EFMigrationsHistory'") == 0)
        {
            return null;
        }

        using var newest = transaction.Query("SELECT max(MigrationId) FROM __EFMigrationsHistory");
        return newest.ExecuteScalar() as string;
    }

    private static long Count(DbTransaction transaction, string sql)
    {
        using var query = transaction.Query(sql);
        return Convert.ToInt64(query.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}

using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>Hosts that start together migrate one after the other.</summary>
internal sealed class PostgreSqlMigrator(
    IDbContextFactory<AnalyticsDbContext> contexts, DatabaseWriter writer, DayPartitions days, IOptions<DatabaseOptions> options) : DatabaseMigrator(contexts, options)
{
    private const string Open = "SELECT 'open'";

    private readonly bool _migrates = options.Value.MigrateAtStart;

    private protected override string SchemaScript => "postgresql/schema.sql";

    /// <summary>EF Core's own table is in our schema too.</summary>
    public static void History(NpgsqlDbContextOptionsBuilder options) => options.MigrationsHistoryTable("__EFMigrationsHistory", PostgreSqlDatabase.Schema);

    public override Task ConnectAsync(CancellationToken cancellationToken) => writer.WriteAsync(transaction => Ask(transaction, Open), cancellationToken);

    public override async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await base.MigrateAsync(cancellationToken).ConfigureAwait(false);
        if (_migrates)
        {
            await days.EnsureAsync(cancellationToken).ConfigureAwait(false);
            await writer.WriteAsync(GrantReader, cancellationToken).ConfigureAwait(false);
        }
    }

    private protected override Task<string?> CreateOrFindAsync(bool create, CancellationToken cancellationToken) =>
        writer.WriteAsync(transaction => create ? CreateOrFind(transaction) : Ask(transaction, Open), cancellationToken);

    private string? CreateOrFind(DbTransaction transaction)
    {
        transaction.TakeTurn("migration");
        const string History = "SELECT to_regclass('iot.\"__EFMigrationsHistory\"')::text";
        if (Ask(transaction, History) is null && Ask(transaction, "SELECT to_regnamespace('iot')::text") is null)
        {
            transaction.Execute(Script(SchemaScript));
        }

        return Ask(transaction, History) is null ? null : Ask(transaction, "SELECT max(\"MigrationId\") FROM iot.\"__EFMigrationsHistory\"");
    }

    /// <summary>At every start: the dashboards' role may have been made after the views, and views may have come since.</summary>
    private static int GrantReader(DbTransaction transaction)
    {
        transaction.TakeTurn("migration");
        return transaction.Execute("SELECT iot.grant_grafana_reader()");
    }

    private static string? Ask(DbTransaction transaction, string sql)
    {
        using var query = transaction.Query(sql);
        return query.ExecuteScalar() as string;
    }
}

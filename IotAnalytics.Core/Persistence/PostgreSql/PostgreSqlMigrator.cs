using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>Hosts that start together migrate one after the other.</summary>
internal sealed class PostgreSqlMigrator(
    IDbContextFactory<AnalyticsDbContext> contexts, DatabaseWriter writer, DayPartitions days, IOptions<DatabaseOptions> options) : DatabaseMigrator(contexts, options)
{
    private const string Turn = "migration";
    private const string Open = "SELECT 'open'";
    private const string HistoryTable = "SELECT to_regclass('iot.\"__EFMigrationsHistory\"')::text";

    private readonly bool _migrates = options.Value.MigrateAtStart;
    private bool _isNew;

    private protected override string SchemaScript => "postgresql/schema.sql";

    /// <summary>EF Core's own table is in our schema too.</summary>
    public static void History(NpgsqlDbContextOptionsBuilder options) => options.MigrationsHistoryTable("__EFMigrationsHistory", PostgreSqlDatabase.Schema);

    public override async Task ConnectAsync(CancellationToken cancellationToken)
    {
        if (!_migrates)
        {
            await writer.WriteAsync(transaction => Ask(transaction, Open), cancellationToken).ConfigureAwait(false);
            return;
        }

        var (isEmpty, newest) = await writer.WriteAsync(transaction => (IsEmpty(transaction), Newest(transaction)), cancellationToken).ConfigureAwait(false);
        Found = isEmpty ? FoundSchema.None : newest == NewestKnown() ? FoundSchema.Current : FoundSchema.Older;
    }

    public override async Task MigrateAsync(Task allowed, CancellationToken cancellationToken)
    {
        await base.MigrateAsync(allowed, cancellationToken).ConfigureAwait(false);
        if (_migrates && !_isNew)
        {
            await days.EnsureAsync(cancellationToken).ConfigureAwait(false);
            await writer.WriteAsync(
                transaction =>
                {
                    transaction.TakeTurn(Turn);
                    return GrantReader(transaction);
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    private protected override Task<string?> CreateOrFindAsync(bool create, Task allowed, CancellationToken cancellationToken) =>
        writer.WriteAsync(transaction => create ? CreateOrFind(transaction, allowed) : Ask(transaction, Open), cancellationToken);

    private string? CreateOrFind(DbTransaction transaction, Task allowed)
    {
        transaction.TakeTurn(Turn);
        if (IsEmpty(transaction))
        {
            transaction.Execute(Script(SchemaScript));
            days.CreateAll(transaction);
            GrantReader(transaction);
            _isNew = true;
            allowed.GetAwaiter().GetResult();
        }

        return Newest(transaction);
    }

    private static bool IsEmpty(DbTransaction transaction) =>
        Ask(transaction, HistoryTable) is null && Ask(transaction, "SELECT to_regnamespace('iot')::text") is null;

    private static string? Newest(DbTransaction transaction) =>
        Ask(transaction, HistoryTable) is null ? null : Ask(transaction, "SELECT max(\"MigrationId\") FROM iot.\"__EFMigrationsHistory\"");

    /// <summary>At every start: the dashboards' role may have been made after the views, and views may have come since.</summary>
    private static int GrantReader(DbTransaction transaction) => transaction.Execute("SELECT iot.grant_grafana_reader()");

    private static string? Ask(DbTransaction transaction, string sql)
    {
        using var query = transaction.Query(sql);
        return query.ExecuteScalar() as string;
    }
}

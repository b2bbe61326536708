using System.Data.Common;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Persistence;

/// <summary>Brings the schema up to date. Called once at start, before anything reads or writes.</summary>
public sealed class DatabaseMigrator(IDbContextFactory<AnalyticsDbContext> contexts, DatabaseWriter writer, IOptions<DatabaseOptions> options)
{
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        // The first use opens the writer's connection: a folder that may not be written fails here and not in the pipeline.
        var newest = await writer.WriteAsync(NewestApplied, cancellationToken).ConfigureAwait(false);
        if (!options.Value.MigrateAtStart || newest == NewestKnown())
        {
            // EF Core builds its model for every migration; a start that has nothing to migrate does not wait for that.
            return;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        await context.Database.MigrateAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Does now what the first query would have to wait for. Touches no file.</summary>
    public void BuildModel()
    {
        using var context = contexts.CreateDbContext();
        _ = context.Model;
    }

    private static string? NewestApplied(DbTransaction transaction)
    {
        using var exists = transaction.Query("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '__EFMigrationsHistory'");
        if (Convert.ToInt64(exists.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture) == 0)
        {
            return null;
        }

        using var newest = transaction.Query("SELECT max(MigrationId) FROM __EFMigrationsHistory");
        return newest.ExecuteScalar() as string;
    }

    private static string? NewestKnown() => typeof(DatabaseMigrator).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(Migration)))
        .Select(t => t.GetCustomAttribute<MigrationAttribute>()?.Id)
        .Max(StringComparer.Ordinal);
}

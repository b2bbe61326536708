using System.Data.Common;
using System.Globalization;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Persistence;

/// <summary>Brings the schema up to date. Called once at start, before anything reads or writes.</summary>
public sealed class DatabaseMigrator(IDbContextFactory<AnalyticsDbContext> contexts, DatabaseWriter writer, IOptions<DatabaseOptions> options)
{
    private const string SchemaResource = "sqlite/schema.sql";

    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        // The first use opens the writer's connection: a folder that may not be written fails here and not in the pipeline.
        var migrate = options.Value.MigrateAtStart;
        var newest = await writer.WriteAsync(transaction => migrate ? CreateOrFind(transaction) : null, cancellationToken).ConfigureAwait(false);
        if (!migrate || newest == NewestKnown())
        {
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

    /// <summary>
    /// The newest migration that was applied. An empty database gets the whole schema first, from the script that the migrations generate: EF
    /// Core takes half a second to come up, and a start that has nothing to migrate does not wait for it.
    /// </summary>
    private static string? CreateOrFind(DbTransaction transaction)
    {
        using (var tables = transaction.Query("SELECT count(*) FROM sqlite_master WHERE type = 'table'"))
        {
            if (Convert.ToInt64(tables.ExecuteScalar(), CultureInfo.InvariantCulture) == 0)
            {
                transaction.Execute(Schema());
            }
        }

        using (var history = transaction.Query("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '__EFMigrationsHistory'"))
        {
            if (Convert.ToInt64(history.ExecuteScalar(), CultureInfo.InvariantCulture) == 0)
            {
                return null;
            }
        }

        using var newest = transaction.Query("SELECT max(MigrationId) FROM __EFMigrationsHistory");
        return newest.ExecuteScalar() as string;
    }

    /// <summary>All migrations as one script, without transactions.</summary>
    internal static string Schema()
    {
        using var stream = typeof(DatabaseMigrator).Assembly.GetManifestResourceStream(SchemaResource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string? NewestKnown() => typeof(DatabaseMigrator).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(Migration)))
        .Select(t => t.GetCustomAttribute<MigrationAttribute>()?.Id)
        .Max(StringComparer.Ordinal);
}

using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Architecture;
using IotAnalytics.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace IotAnalytics.Tests.Persistence;

public sealed class SqliteSchemaTests
{
    private const string Rewrite = "IOT_TEST_WRITE_SCHEMA";

    [Fact]
    public async Task The_committed_script_is_what_the_migrations_do()
    {
        await using var database = new TestDatabase();
        await using var context = await database.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        var path = Path.Combine(SourceTree.Root, "IotAnalytics.Core", "Persistence", "Sqlite", "schema.sql");
        var generated = context.GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.NoTransactions)
            .ReplaceLineEndings("\n").Replace("\n\n\n", "\n\n", StringComparison.Ordinal).TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
        {
            await File.WriteAllTextAsync(path, generated, TestContext.Current.CancellationToken);
        }

        var committed = (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");

        Assert.True(committed == generated, $"schema.sql differs from the migrations: {Rewrite}=1 dotnet test, look at the difference, commit it.");
    }

    [Fact]
    public async Task A_database_made_by_the_script_has_the_schema_that_the_migrations_make()
    {
        await using var scripted = new TestDatabase();
        await scripted.MigrateAsync();
        await using var migrated = new TestDatabase();
        await using (var context = await migrated.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken))
        {
            await context.Database.MigrateAsync(TestContext.Current.CancellationToken);
            Assert.False(context.Database.HasPendingModelChanges());
        }

        Assert.Equal(await SchemaAsync(migrated), await SchemaAsync(scripted));
        await using var again = await scripted.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        Assert.Empty(await again.Database.GetPendingMigrationsAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_database_of_another_program_is_not_taken_for_an_empty_one()
    {
        await using var database = new TestDatabase();
        await database.Writer.WriteAsync(t => t.Execute("CREATE TABLE sensor (name TEXT)"), TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<Exception>(database.MigrateAsync);
    }

    private static Task<string[]> SchemaAsync(TestDatabase database) => database.Writer.WriteAsync(
        transaction =>
        {
            // The lock table exists only while EF Core migrates, or stays behind empty; it is EF Core's own.
            using var query = transaction.Query("SELECT type || ' ' || name || ' ' || sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> '__EFMigrationsLock' ORDER BY 1");
            using var rows = query.ExecuteReader();
            var lines = new List<string>();
            while (rows.Read())
            {
                lines.Add(rows.GetString(0));
            }

            return lines.ToArray();
        },
        TestContext.Current.CancellationToken);
}

using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Persistence;

/// <summary>What a start does to a shared database, and when.</summary>
public sealed class PostgreSqlMigratorTests(PostgreSqlServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_schema_that_was_not_allowed_is_not_there()
    {
        await using var database = new TestDatabase(await server.NewSettingsAsync());
        var migrator = database.Services.GetRequiredService<DatabaseMigrator>();

        var refused = await Assert.ThrowsAsync<IOException>(() => migrator.MigrateAsync(Task.FromException(new IOException("no lake")), Token));

        Assert.Equal("no lake", refused.Message);
        Assert.Equal(DBNull.Value, await database.ScalarAsync("SELECT to_regnamespace('iot')::text"));
    }

    [Fact]
    public async Task A_schema_is_seen_by_others_when_it_was_allowed_and_not_before()
    {
        await using var database = new TestDatabase(await server.NewSettingsAsync());
        var allowed = new TaskCompletionSource();
        var migrating = database.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(allowed.Task, Token);

        // It waits with all of it made: the tables' locks are held, by a transaction that nobody else sees.
        while (await database.ScalarAsync("SELECT count(*) FROM pg_locks WHERE relation IS NOT NULL AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mode = 'AccessExclusiveLock' AND granted") is not > 50L)
        {
            await Task.Delay(10, Token);
        }

        Assert.False(migrating.IsCompleted);
        Assert.Equal(DBNull.Value, await database.ScalarAsync("SELECT to_regnamespace('iot')::text"));

        allowed.SetResult();
        await migrating;

        Assert.Equal(10L, await database.ScalarAsync("SELECT count(*) - 1 FROM pg_inherits WHERE inhparent = 'iot.sensor_minute'::regclass"));
    }

    [Fact]
    public async Task A_look_tells_an_empty_database_from_one_that_is_current_and_one_that_is_older()
    {
        var settings = await server.NewSettingsAsync();
        Assert.Equal(FoundSchema.None, await FoundAsync(settings));
        await using (var database = new TestDatabase(settings))
        {
            await database.MigrateAsync();
            Assert.Equal(FoundSchema.Current, await FoundAsync(settings));
            await database.Writer.WriteAsync(t => t.Execute("DELETE FROM iot.\"__EFMigrationsHistory\" WHERE \"MigrationId\" = (SELECT max(\"MigrationId\") FROM iot.\"__EFMigrationsHistory\")"), Token);
        }

        Assert.Equal(FoundSchema.Older, await FoundAsync(settings));
    }

    private static async Task<FoundSchema> FoundAsync(IReadOnlyDictionary<string, string?> settings)
    {
        await using var database = new TestDatabase(settings);
        var migrator = database.Services.GetRequiredService<DatabaseMigrator>();
        await migrator.ConnectAsync(Token);
        return migrator.Found;
    }
}

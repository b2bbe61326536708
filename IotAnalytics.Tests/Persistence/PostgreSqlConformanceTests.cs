using System.Data.Common;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Persistence.PostgreSql;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Tests.Conformance;
using IotAnalytics.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Persistence;

public sealed class PostgreSqlConformanceTests(PostgreSqlServer server) : DatabaseConformance
{
    private protected override async Task<TestDatabase> CreateAsync() => new(await server.NewSettingsAsync());

    [Fact]
    public async Task Hosts_that_start_together_make_one_schema()
    {
        var settings = await server.NewSettingsAsync();
        var hosts = Enumerable.Range(0, 3).Select(_ => new TestDatabase(settings)).ToList();

        await Task.WhenAll(hosts.Select(h => h.MigrateAsync()));

        Assert.Equal(1L, await hosts[0].ScalarAsync("SELECT count(*) FROM iot.\"__EFMigrationsHistory\" WHERE \"MigrationId\" LIKE '%_Initial'"));
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_database_made_by_the_script_has_the_schema_that_the_migrations_make()
    {
        await using var migrated = new TestDatabase(await server.NewSettingsAsync());
        await using (var context = await migrated.Contexts.CreateDbContextAsync(Token))
        {
            await context.Database.MigrateAsync(Token);
        }

        await migrated.MigrateAsync();

        Assert.Equal(await SchemaAsync(migrated), await SchemaAsync(Database));
    }

    [Theory]
    [InlineData("UPDATE audit_entry SET actor = 'somebody else'")]
    [InlineData("DELETE FROM audit_entry")]
    [InlineData("TRUNCATE audit_entry")]
    public async Task An_audit_entry_can_be_neither_changed_nor_removed(string attempt)
    {
        await Database.Writer.WriteAsync(t => t.Execute("INSERT INTO audit_entry (at, actor, source, action, target) VALUES (now(), 'a', 'here', 'tested', 'nothing')"), Token);

        var refused = await Assert.ThrowsAnyAsync<DbException>(() => Database.Writer.WriteAsync(t => t.Execute(attempt), Token));

        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_day_that_comes_gets_a_partition_and_what_waited_in_the_default_one_moves()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(20));
        var bucket = new DbTime(clock.GetUtcNow().ToUnixTimeMilliseconds() / 60_000 * 60_000);
        await Database.Writer.WriteAsync(
            t => t.Execute(
                "INSERT INTO sensor_minute (sensor_key, bucket_start, measurement, reading_count, value_sum, value_sum_squares, anomaly_count) VALUES (1, @b, 't', 1, 1, 1, 0)", ("@b", bucket)),
            Token);
        Assert.Equal(1L, await Database.ScalarAsync("SELECT count(*) FROM sensor_minute_default"));

        await new DayPartitions(Database.Writer, clock).EnsureAsync(Token);

        Assert.Equal(0L, await Database.ScalarAsync("SELECT count(*) FROM sensor_minute_default"));
        Assert.Equal(1L, await Database.ScalarAsync($"SELECT count(*) FROM {DayPartitions.NameOf(DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime))}"));
    }

    [Fact]
    public async Task An_old_day_goes_with_its_partition()
    {
        var now = TimeProvider.System.GetUtcNow();
        var clock = new FakeTimeProvider(now.AddDays(-20));
        await new DayPartitions(Database.Writer, clock).EnsureAsync(Token);
        var old = DayPartitions.NameOf(DateOnly.FromDateTime(now.AddDays(-20).UtcDateTime));
        await Database.Writer.WriteAsync(
            t =>
            {
                t.Execute("INSERT INTO sensor (sensor_id, profile, first_seen_at, last_flags, last_event_time) VALUES ('a', 'climate', @t, 0, @t)", ("@t", DbTime.From(now)));
                t.Execute(
                    "INSERT INTO sensor_minute (sensor_key, bucket_start, measurement, reading_count, value_sum, value_sum_squares, anomaly_count) VALUES (1, @b, 't', 3, 1, 1, 0)",
                    ("@b", DbTime.From(now.AddDays(-20))));
            },
            Token);
        Assert.Equal(1L, await Database.ScalarAsync($"SELECT count(*) FROM {old}"));

        Assert.Equal(1, await ActivatorUtilities.CreateInstance<Core.Metrics.RollupRetention>(Database.Services).RunAsync(Token));

        Assert.Null(await Database.ScalarAsync($"SELECT to_regclass('iot.{old}')::text") as string);
        Assert.Equal(3L, await Database.ScalarAsync("SELECT sum(reading_count)::bigint FROM sensor_hour"));
    }

    [Fact]
    public async Task A_claim_that_meets_a_frozen_owner_inside_its_transaction_fails_soon_and_succeeds_when_the_session_ends()
    {
        var store = new PartitionStore(Database.Writer, TimeProvider.System);
        var claim = await store.ClaimAsync(1, 0, "old", 0, Token);
        using var isInside = new SemaphoreSlim(0);
        using var thaw = new SemaphoreSlim(0);
        var frozen = Database.Writer.WriteAsync(
            transaction =>
            {
                PartitionStore.Advance(transaction, claim, DatabaseSink.Fast, 0, 10);
                isInside.Release();
                thaw.Wait(Token);
            },
            Token);
        await isInside.WaitAsync(Token);

        await Assert.ThrowsAnyAsync<DbException>(() => store.ClaimAsync(1, 0, "new", 0, Token));
        PartitionClaim? next = null;
        for (var tries = 0; next is null && tries < 6; tries++)
        {
            try
            {
                next = await store.ClaimAsync(1, 0, "new", 0, Token);
            }
            catch (DbException)
            {
                // Still locked: the server ends a session that is idle in its transaction after 10 s.
            }
        }

        Assert.Equal((claim.OwnerEpoch + 1, 0L), (next!.OwnerEpoch, next.Offsets.Fast));
        thaw.Release();
        await Assert.ThrowsAnyAsync<DbException>(() => frozen);
    }

    [Fact]
    public async Task A_claim_that_waits_for_a_live_commit_gets_the_offsets_that_it_leaves()
    {
        var store = new PartitionStore(Database.Writer, TimeProvider.System);
        var claim = await store.ClaimAsync(1, 0, "old", 0, Token);
        using var isInside = new SemaphoreSlim(0);
        using var go = new SemaphoreSlim(0);
        var commit = Database.Writer.WriteAsync(
            transaction =>
            {
                PartitionStore.Advance(transaction, claim, DatabaseSink.Fast, 0, 10);
                isInside.Release();
                go.Wait(Token);
            },
            Token);
        await isInside.WaitAsync(Token);
        var waiting = store.ClaimAsync(1, 0, "new", 0, Token);
        while ((long)(await Database.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"))! == 0)
        {
            await Task.Delay(10, Token);
        }

        go.Release();
        await commit;

        Assert.Equal(10, (await waiting).Offsets.Fast);
    }

    private static async Task<string> SchemaAsync(TestDatabase database) => (string)(await database.ScalarAsync(
        """
        SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
          SELECT format('%s %s %s %s %s %s', table_name, column_name, data_type, is_nullable, collation_name, is_identity) AS line FROM information_schema.columns WHERE table_schema = 'iot'
          UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'iot'
          UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'iot'::regnamespace) AS all_lines
        """))!;
}

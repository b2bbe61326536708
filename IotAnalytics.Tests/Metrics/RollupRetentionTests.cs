using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Metrics;

public sealed class RollupRetentionTests
{
    [Fact]
    public async Task Old_minutes_become_hours_with_the_same_totals_and_a_second_run_changes_nothing()
    {
        var token = TestContext.Current.CancellationToken;
        await using var database = new TestDatabase();
        await database.MigrateAsync();
        const long Day = 86_400_000;
        await database.Writer.WriteAsync(
            transaction =>
            {
                transaction.Execute("INSERT INTO sensor (sensor_key, sensor_id, profile, first_seen_at, last_flags) VALUES (1, 'a', 'climate', 0, 0)");
                using var insert = transaction.Command(
                    "INSERT INTO sensor_minute VALUES (1, @bucket, 'temperature', 2, @value, @value, @value, @value, 1, 0.5)", "@bucket", "@value");
                for (var minute = 0; minute < 10 * 24 * 60; minute += 7)
                {
                    insert.Run((20_000 * Day) + (minute * 60_000L), (double)minute);
                }
            },
            token);
        var before = await TotalsAsync(database);

        var moved = await new RollupRetention(database.Writer).RunAsync(token);

        Assert.True(moved > 0);
        Assert.Equal(before, await TotalsAsync(database));
        Assert.Equal(0, await new RollupRetention(database.Writer).RunAsync(token));
        var hours = await ScalarAsync(database, "SELECT count(*) FROM sensor_hour WHERE bucket_start % 3600000 = 0 AND value_max >= value_min");
        Assert.InRange(hours, 24, 3 * 24);
        Assert.InRange(await ScalarAsync(database, "SELECT (max(bucket_start) - min(bucket_start)) / 86400000 FROM sensor_minute"), 6, 8);
    }

    private static async Task<(long, long)> TotalsAsync(TestDatabase database) => (
        await ScalarAsync(database, "SELECT sum(n) FROM (SELECT sum(reading_count) AS n FROM sensor_minute UNION ALL SELECT sum(reading_count) FROM sensor_hour)"),
        await ScalarAsync(database, "SELECT CAST(sum(n) AS INTEGER) FROM (SELECT sum(value_sum) AS n FROM sensor_minute UNION ALL SELECT sum(value_sum) FROM sensor_hour)"));

    private static Task<long> ScalarAsync(TestDatabase database, string sql) => database.Writer.WriteAsync(
        transaction =>
        {
            using var command = transaction.Query(sql);
            return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        },
        TestContext.Current.CancellationToken);
}

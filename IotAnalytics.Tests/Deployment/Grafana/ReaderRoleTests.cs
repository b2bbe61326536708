using System.Globalization;
using IotAnalytics.Tests.Fixtures;
using Npgsql;

namespace IotAnalytics.Tests.Deployment.Grafana;

/// <summary>What the dashboards' role may do in a real database, and how its queries are planned.</summary>
public sealed class ReaderRoleTests(PostgreSqlServer server)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_role_reads_the_views_and_nothing_else_whether_it_was_made_before_or_after_them(bool roleFirst)
    {
        var (settings, connection) = await DatabaseAsync();
        if (roleFirst)
        {
            await ReaderRole.EnsureAsync(connection);
        }

        await MigrateAsync(settings);
        if (!roleFirst)
        {
            await ReaderRole.EnsureAsync(connection);
            await ReaderRole.ExecuteAsync(connection, "REVOKE ALL ON ALL TABLES IN SCHEMA grafana FROM grafana_reader");
            await MigrateAsync(settings);
        }

        var views = await ReaderRole.QueryAsync(connection, "SELECT viewname FROM pg_views WHERE schemaname = 'grafana' ORDER BY 1");
        Assert.Equal(
            ["anomalies", "cuts", "dead_letters", "drift", "expected_ranges", "lost_ranges", "models", "partition_status", "partitions", "pipeline", "sensor_hour", "sensor_minute",
                "sensor_values", "sensors"],
            views.Select(v => (string)v[0]!));
        foreach (var view in views)
        {
            await ReaderRole.QueryAsync(connection, $"SELECT * FROM grafana.{view[0]} WHERE time > now()");
        }

        string[] forbidden =
        [
            "SELECT * FROM iot.sensor", "SELECT hash FROM iot.api_key", "SELECT * FROM iot.audit_entry", "SELECT payload_head FROM iot.dead_letter",
            "DELETE FROM grafana.sensors", "UPDATE grafana.sensors SET profile = 'x'", "CREATE TABLE grafana.mine (i int)", "CREATE TABLE iot.mine (i int)", "CREATE TABLE public.mine (i int)",
            "SELECT iot.grant_grafana_reader()",
        ];
        foreach (var sql in forbidden)
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => ReaderRole.QueryAsync(connection, sql));
            Assert.True(refused.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.ObjectNotInPrerequisiteState, $"{sql}: {refused.Message}");
        }
    }

    [Fact]
    public async Task A_time_range_of_a_day_touches_the_partition_of_that_day_alone()
    {
        var (settings, connection) = await DatabaseAsync();
        await ReaderRole.EnsureAsync(connection);
        await MigrateAsync(settings);
        var day = TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(-2);
        var macros = new GrafanaMacros(day.AddHours(6), day.AddHours(12), TimeSpan.FromMinutes(1), new Dictionary<string, IReadOnlyList<string>>
        {
            ["sensor"] = ["s1"],
            ["measurement"] = ["temperature"],
        });
        var values = Dashboard.All().Single(d => d.Uid == "iot-sensor").Queries().First(q => q.Repeat is not null);

        var plan = string.Join('\n', (await ReaderRole.QueryAsync(connection, $"EXPLAIN {macros.Expand(values.Sql)}")).Select(r => r[0]));

        Assert.Contains(day.ToString("'sensor_minute_'yyyyMMdd", CultureInfo.InvariantCulture), plan, StringComparison.Ordinal);
        for (var other = -7; other <= 2; other++)
        {
            var date = TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(other);
            Assert.True(date == day || !plan.Contains(date.ToString("'sensor_minute_'yyyyMMdd", CultureInfo.InvariantCulture), StringComparison.Ordinal), plan);
        }
    }

    [Theory]
    [InlineData("pipeline", "PK_pipeline_minute")]
    [InlineData("anomalies", "IX_anomaly_event_time")]
    [InlineData("partition_status", "IX_partition_status_time")]
    [InlineData("dead_letters", "IX_dead_letter_record_time")]
    [InlineData("cuts", "IX_delta_commit_published_at")]
    public async Task A_condition_on_time_can_use_an_index(string view, string index)
    {
        var (settings, connection) = await DatabaseAsync();
        await ReaderRole.EnsureAsync(connection);
        await MigrateAsync(settings);

        // Empty tables are scanned whatever indexes they have, unless scanning is discouraged.
        var plan = string.Join('\n', (await ReaderRole.QueryAsync(
            connection, $"SET enable_seqscan = off; EXPLAIN SELECT * FROM grafana.{view} WHERE time BETWEEN '2026-01-01' AND '2026-01-02'")).Select(r => r[0]));

        Assert.Matches($"{index}[\\s\\S]*(Index Cond|Recheck Cond)[^\\n]*>=", plan);
    }

    private static async Task MigrateAsync(Dictionary<string, string?> settings)
    {
        await using var database = new TestDatabase(settings);
        await database.MigrateAsync();
    }

    private async Task<(Dictionary<string, string?> Settings, string Connection)> DatabaseAsync()
    {
        var settings = await server.NewSettingsAsync();
        return (settings, settings["ConnectionStrings:Analytics"]!);
    }
}

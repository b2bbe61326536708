using System.Net;

namespace IotAnalytics.Tests.Endpoints;

public sealed class ListEndpointTests(SeededHost host) : IClassFixture<SeededHost>
{
    [Fact]
    public async Task Sensors_come_by_id_with_their_last_reading()
    {
        var sensor = (await host.GetAsync("/sensors?limit=1")).GetProperty("items")[0];

        Assert.Equal("s_a", sensor.GetProperty("sensor_id").GetString());
        Assert.Equal("silent", sensor.GetProperty("status").GetString());
        Assert.Equal("2026-01-01T12:00:00Z", sensor.GetProperty("last_event_time").GetString());
        Assert.Equal(21.5, sensor.GetProperty("last_measurements").GetProperty("temperature").GetDouble());
        Assert.Equal(["out_of_range", "warming_up"], sensor.GetProperty("last_flags").EnumerateArray().Select(f => f.GetString()!));
    }

    [Fact]
    public async Task Pages_of_sensors_meet_without_gap_or_overlap() =>
        Assert.Equal(["s_a", "s_b", "s_c", "s_d", "s_e"], await host.PagesAsync("/sensors?limit=2&profile=climate", "sensor_id"));

    [Fact]
    public async Task One_sensor_is_found_and_another_is_not()
    {
        Assert.Equal("climate", (await host.GetAsync("/sensors/s_c")).GetProperty("profile").GetString());
        Assert.Equal("sensor_not_found", (await host.GetProblemAsync("/sensors/nobody", HttpStatusCode.NotFound)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Anomalies_come_newest_first_and_page_by_page() =>
        Assert.Equal(
            ["99-0-14-4", "99-0-13-3", "99-0-12-2", "99-0-11-1", "99-0-10-0"],
            await host.PagesAsync("/anomalies?limit=2&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", "id"));

    [Theory]
    [InlineData("min_severity=high", "99-0-13-3 99-0-12-2")]
    [InlineData("sensor_id=s_b", "99-0-14-4")]
    [InlineData("from=2026-01-01T12:02:00Z&to=2026-01-01T12:04:00Z", "99-0-13-3 99-0-12-2")]
    [InlineData("from=2026-01-01T12:02:00.0000001Z&to=2026-01-01T12:04:00.0000001Z", "99-0-14-4")]
    [InlineData("verdict=none&min_severity=critical", "99-0-13-3")]
    [InlineData("verdict=confirmed", "")]
    [InlineData("to=9999-12-31T23:59:59.9999999Z&min_severity=critical", "99-0-13-3")]
    [InlineData("from=2026-01-01T13:04:00%2B01:00&to=2026-01-02T00:00:00Z", "99-0-14-4")]
    [InlineData("sensor_id=nobody", "")]
    public async Task Filters_of_anomalies_narrow_the_list(string filter, string expected) =>
        Assert.Equal(expected, string.Join(' ', await host.PagesAsync($"/anomalies?{filter}&profile=climate", "id")));

    [Fact]
    public async Task An_anomaly_tells_its_score_and_why()
    {
        var anomaly = await host.GetAsync("/anomalies/99-0-12-2");

        Assert.Equal("s_a", anomaly.GetProperty("sensor_id").GetString());
        Assert.Equal(1.25, anomaly.GetProperty("score_ratio").GetDouble(), 9);
        Assert.Equal("temperature", anomaly.GetProperty("top_measurement").GetString());
        Assert.Equal(95.5, anomaly.GetProperty("measurements").GetProperty("temperature").GetDouble());
        Assert.Empty(anomaly.GetProperty("explanation").GetProperty("measurements").EnumerateArray());
    }

    [Fact]
    public async Task An_id_that_is_none_is_told_apart_from_one_that_is_not_there()
    {
        Assert.Equal("anomaly_not_found", (await host.GetProblemAsync("/anomalies/99-0-77-0", HttpStatusCode.NotFound)).GetProperty("code").GetString());
        Assert.Equal("invalid_parameter", (await host.GetProblemAsync("/anomalies/first", HttpStatusCode.BadRequest)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Dead_letters_tell_their_reason_newest_first()
    {
        var items = (await host.GetAsync("/dead-letters?reason=missing_timestamp&limit=2&to=2026-01-02T00:00:00Z")).GetProperty("items");

        Assert.Equal("99-0-14-0", items[0].GetProperty("id").GetString());
        Assert.Equal("{\uFFFD", items[0].GetProperty("payload_head").GetString());
        Assert.Equal(5, (await host.PagesAsync("/dead-letters?limit=2&to=2026-01-02T00:00:00Z", "id")).Count);
    }

    [Theory]
    [InlineData("/sensors?limit=0", "limit", "1 to 1000")]
    [InlineData("/sensors?limit=-5", "limit", "1 to 1000")]
    [InlineData("/sensors?limit=1001", "limit", "1 to 1000")]
    [InlineData("/sensors?limit=ten", "limit", "1 to 1000")]
    [InlineData("/sensors?cursor=%21", "cursor", "the next_cursor of the page before")]
    [InlineData("/sensors?profile=nothing", "profile", "climate")]
    [InlineData("/anomalies?cursor=MXwyfDN8NHx4", "cursor", "the next_cursor of the page before")]
    [InlineData("/anomalies?cursor=OTk5OTk5OTk5OTk5OTk5OTk5fDF8MXwxfDE", "cursor", "the next_cursor of the page before")]
    [InlineData("/anomalies?from=2026-01-01", "from", "an ISO-8601 time with zone, for example 2026-01-01T00:00:00Z")]
    [InlineData("/anomalies?to=2026-13-01T00:00:00Z", "to", "an ISO-8601 time with zone, for example 2026-01-01T00:00:00Z")]
    [InlineData("/anomalies?min_severity=terrible", "min_severity", "low, medium, high, critical")]
    [InlineData("/sensors/s_a/metrics?bucket=5m", "bucket", "1m, 1h")]
    [InlineData("/models/boiler/versions?cursor=eA", "cursor", "the next_cursor of the page before")]
    public async Task A_bad_parameter_is_named_with_what_is_accepted(string path, string field, string accepted)
    {
        var problem = await host.GetProblemAsync(path, HttpStatusCode.BadRequest);

        var error = Assert.Single(problem.GetProperty("errors").EnumerateArray());
        Assert.Equal("invalid_parameter", problem.GetProperty("code").GetString());
        Assert.Equal(field, error.GetProperty("field").GetString());
        Assert.Equal(accepted, error.GetProperty("accepted").GetString());
        Assert.NotEmpty(error.GetProperty("value").GetString()!);
    }

    [Fact]
    public async Task All_bad_parameters_are_named_at_once()
    {
        var problem = await host.GetProblemAsync("/anomalies?limit=0&from=then&min_severity=bad", HttpStatusCode.BadRequest);

        Assert.Equal(["limit", "from", "min_severity"], problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!));
    }

    [Fact]
    public async Task Models_have_versions_newest_first_with_their_cards()
    {
        Assert.Contains("boiler", await host.PagesAsync("/models?limit=1", "name"));
        Assert.Equal(["10", "2", "1"], await host.PagesAsync("/models/boiler/versions?limit=2", "version"));
        var version = await host.GetAsync("/models/boiler/versions/2");
        Assert.True(version.GetProperty("is_champion").GetBoolean());
        Assert.Equal(7, version.GetProperty("card").GetProperty("seed").GetInt32());
        Assert.Equal(["refuse", "promote", null], (await host.GetAsync("/models/boiler/versions")).GetProperty("items").EnumerateArray().Select(v => v.GetProperty("gate_verdict").GetString()));
        await host.GetProblemAsync("/models/boiler/versions/3", HttpStatusCode.NotFound);
        await host.GetProblemAsync("/models/unknown/versions", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_pipeline_shows_a_partition_that_another_host_owned_and_what_was_lost()
    {
        var pipeline = await host.GetAsync("/pipeline");

        var partition = Assert.Single(pipeline.GetProperty("partitions").EnumerateArray(), p => p.GetProperty("source_id").GetInt32() == 99);
        Assert.Equal("elsewhere", partition.GetProperty("status").GetString());
        Assert.Equal(30, partition.GetProperty("fast_offset").GetInt64());
        Assert.Equal(10, partition.GetProperty("lake_offset").GetInt64());
        Assert.Equal(5, pipeline.GetProperty("lost_ranges")[0].GetProperty("next_offset").GetInt64());
    }

    [Fact]
    public async Task Profiles_show_what_is_measured_and_computed()
    {
        var profile = (await host.GetAsync("/profiles")).GetProperty("items")[0];

        Assert.Equal("climate", profile.GetProperty("name").GetString());
        Assert.Contains("temperature / max(humidity, 1)", profile.GetProperty("features").EnumerateArray().Select(f => f.GetProperty("expression").GetString()));
    }

    [Fact]
    public async Task The_host_tells_what_it_runs_on()
    {
        var answer = await host.GetAsync("/host");

        Assert.Equal("Sqlite", answer.GetProperty("deployment").GetProperty("database").GetString());
        Assert.Equal(host.Host.Address.ToString().TrimEnd('/'), answer.GetProperty("addresses")[0].GetString());
    }

    [Fact]
    public async Task An_unknown_route_and_a_wrong_method_are_problems_too()
    {
        Assert.Equal("not_found", (await host.GetProblemAsync("/nothing", HttpStatusCode.NotFound)).GetProperty("code").GetString());
        var answer = await host.Host.Client.DeleteAsync("/api/v1/sensors", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Contains("method_not_allowed", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}

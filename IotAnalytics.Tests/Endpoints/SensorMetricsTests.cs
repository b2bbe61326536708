using System.Net;

namespace IotAnalytics.Tests.Endpoints;

public sealed class SensorMetricsTests(SeededHost host) : IClassFixture<SeededHost>
{
    private const string Day = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";

    [Fact]
    public async Task Minutes_come_with_mean_and_deviation()
    {
        var items = (await host.GetAsync($"/sensors/s_a/metrics?{Day}&measurement=temperature")).GetProperty("items");

        Assert.Equal(3, items.GetArrayLength());
        Assert.Equal(20.0, items[0].GetProperty("value_mean").GetDouble(), 9);
        Assert.Equal(1.0, items[0].GetProperty("value_deviation").GetDouble(), 9);
        Assert.Equal("2026-01-01T12:02:00Z", items[2].GetProperty("bucket_start").GetString());
    }

    [Fact]
    public async Task An_hour_is_the_sum_of_its_roll_up_and_of_the_minutes_that_are_left()
    {
        var items = (await host.GetAsync($"/sensors/s_a/metrics?{Day}&measurement=temperature&bucket=1h")).GetProperty("items");

        var hour = Assert.Single(items.EnumerateArray());
        Assert.Equal(10, hour.GetProperty("reading_count").GetInt64());
        Assert.Equal(5, hour.GetProperty("value_min").GetDouble());
        Assert.Equal(30, hour.GetProperty("value_max").GetDouble());
        Assert.Equal((80 + 126) / 10.0, hour.GetProperty("value_mean").GetDouble(), 9);
        Assert.Equal(4, hour.GetProperty("anomaly_count").GetInt64());
    }

    [Theory]
    [InlineData("1m", 6)]
    [InlineData("1h", 2)]
    public async Task Pages_of_metrics_meet_without_gap_or_overlap(string bucket, int expected)
    {
        var rows = await host.PagesAsync($"/sensors/s_a/metrics?{Day}&bucket={bucket}&limit=1", "measurement");

        Assert.Equal(expected, rows.Count);
        Assert.Equal(expected / 2, rows.Count(r => r == "humidity"));
    }

    [Fact]
    public async Task A_range_that_ends_before_it_begins_is_refused()
    {
        var problem = await host.GetProblemAsync("/sensors/s_a/metrics?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", HttpStatusCode.BadRequest);

        Assert.Equal("from", problem.GetProperty("errors")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_sensor_that_was_never_seen_has_no_metrics() => await host.GetProblemAsync($"/sensors/nobody/metrics?{Day}", HttpStatusCode.NotFound);
}

using IotAnalytics.Core.Lake.Queries;

namespace IotAnalytics.Tests.Lake;

public sealed class SensorReadingsQueryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_hold_every_reading_of_the_sensor_once_in_the_order_of_event_time()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = await FillAsync(lake);
        var (from, to) = (Time(LakeTestData.Start + 3_600_000), Time(LakeTestData.Start + (40 * 3_600_000L)));
        var expected = data.Rows.Where(r => r.SensorId == "sensor_003" && r.EventMs >= from.ToUnixTimeMilliseconds() && r.EventMs < to.ToUnixTimeMilliseconds())
            .OrderBy(r => r.EventMs).ThenBy(r => r.Offset).ThenBy(r => r.Item).ToList();

        foreach (var limit in new[] { 1_000_000, 37, 7 })
        {
            var found = new List<SensorReading>();
            string? cursor = null;
            do
            {
                var page = await lake.Readings.ReadAsync("sensor_003", from, to, limit, cursor, Token);
                Assert.InRange(page.Items.Count, 0, limit);
                found.AddRange(page.Items);
                cursor = page.NextCursor;
            }
            while (cursor is not null);

            Assert.Equal(
                expected.Select(r => (r.Offset, r.Item, r.EventMs, r.RecordMs, r.Flags, r.IsAnomaly, Value(r.Temperature), Value(r.Humidity), Value(r.Score))),
                found.Select(r => (r.RecordOffset, r.Item, r.EventMs, r.RecordMs, r.Flags, r.IsAnomaly, Measurement(r, "temperature"), Measurement(r, "humidity"), r.AnomalyScore)));
        }

        Assert.True(expected.Count > 100);
        Assert.Contains(expected, r => r.IsAnomaly);
        static double? Value(double value) => double.IsNaN(value) ? null : value + 0.0;
        static double? Measurement(SensorReading r, string name) => r.Measurements.TryGetValue(name, out var value) ? value : null;
    }

    [Fact]
    public async Task Anomalies_say_what_gold_says()
    {
        await using var lake = await LakeFixture.CreateAsync();
        await FillAsync(lake);

        var page = await lake.Readings.ReadAsync("sensor_001", Time(0), Time(LakeTestData.Start * 2), 10_000, null, Token);

        var anomaly = page.Items.First(r => r.IsAnomaly);
        Assert.Equal(("climate", "climate/1", 0.5, "high", "temperature"), (anomaly.Profile, anomaly.ModelVersion, anomaly.Threshold, anomaly.Severity, anomaly.TopMeasurement));
        Assert.All(page.Items.Where(r => !r.IsAnomaly), r => Assert.Null(r.Severity));
    }

    [Fact]
    public async Task What_is_not_there_is_an_empty_page()
    {
        await using var lake = await LakeFixture.CreateAsync();
        await FillAsync(lake);

        Assert.Empty((await lake.Readings.ReadAsync("sensor_999", Time(0), Time(LakeTestData.Start * 2), 10, null, Token)).Items);
        Assert.Empty((await lake.Readings.ReadAsync("sensor_003", Time(0), Time(1000), 10, null, Token)).Items);
        Assert.Empty((await lake.Readings.ReadAsync("sensor_003", DateTimeOffset.MinValue, DateTimeOffset.MinValue, 10, null, Token)).Items);
        Assert.NotEmpty((await lake.Readings.ReadAsync("sensor_003", DateTimeOffset.MinValue, DateTimeOffset.MaxValue, 10, null, Token)).Items);
        await Assert.ThrowsAsync<FormatException>(() => lake.Readings.ReadAsync("sensor_003", Time(0), Time(1000), 10, "x", Token));
    }

    [Fact]
    public async Task Compaction_changes_no_answer()
    {
        await using var lake = await LakeFixture.CreateAsync();
        await FillAsync(lake);
        var before = await lake.Readings.ReadAsync("sensor_002", Time(0), Time(LakeTestData.Start * 2), 100_000, null, Token);
        lake.Time.Advance(TimeSpan.FromDays(5));
        await lake.Compactor.CompactAsync(Token);

        var after = await lake.Readings.ReadAsync("sensor_002", Time(0), Time(LakeTestData.Start * 2), 100_000, null, Token);

        Assert.Equal(before.Items.Select(ReadingKey.Of), after.Items.Select(ReadingKey.Of));
    }

    [Fact]
    public async Task The_tables_are_listed_with_what_readers_see_and_what_waits()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = await FillAsync(lake);
        var published = data.Rows.Count(r => !r.IsAnomaly);
        await lake.CommitCutAsync(data, records: 30);

        var tables = await lake.TablesQuery.ReadAsync(Token);

        Assert.Equal(["bronze", "silver", "gold"], tables.Select(t => t.Name));
        Assert.Equal((published, 0L, new DateOnly(2025, 12, 31)), (tables[1].Rows, tables[1].Version, tables[1].FirstDate));
        Assert.Equal(data.Rows.Count(r => !r.IsAnomaly) - published, tables[1].WaitingRows);
    }

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    private static async Task<LakeTestData> FillAsync(LakeFixture lake)
    {
        var data = new LakeTestData(20, sensors: 8) { RecordInterval = 120_000 };
        for (var i = 0; i < 6; i++)
        {
            await lake.CommitCutAsync(data, records: 250, items: 8);
        }

        await lake.NewPublisher().PublishAsync(Token);
        return data;
    }
}

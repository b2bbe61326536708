using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Lake;

public sealed class ProfileReadingsQueryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_reading_of_the_time_comes_once_in_the_order_of_the_stream()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = await FillAsync(lake);
        var (from, to) = (LakeTestData.Start + 3_600_000, LakeTestData.Start + (40 * 3_600_000L));

        var found = await ReadAsync(lake, data.Catalog.Profiles[0], Time(from), Time(to));

        var expected = data.Rows.Where(r => r.EventMs >= from && r.EventMs < to).OrderBy(r => r.Offset).ThenBy(r => r.Item).ToList();
        Assert.True(expected.Count > 2_000);
        Assert.Contains(expected, r => r.IsAnomaly);
        Assert.Equal(
            expected.Select(r => new Row(1, 0, r.Offset, r.Item, r.SensorId, r.EventMs, r.Flags, r.Humidity + 0.0, r.Temperature + 0.0, r.Score, r.IsAnomaly)), found);
    }

    [Fact]
    public async Task Compaction_changes_nothing_of_it()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = await FillAsync(lake);
        var before = await ReadAsync(lake, data.Catalog.Profiles[0], DateTime.UnixEpoch, Time(LakeTestData.Start * 2));
        lake.Time.Advance(TimeSpan.FromDays(5));
        Assert.True((await lake.Compactor.CompactAsync(Token)).FilesBefore > 0);
        // Not published yet: a reading is there when its cut is committed.
        await lake.CommitCutAsync(data, records: 100, items: 8);

        var after = await ReadAsync(lake, data.Catalog.Profiles[0], DateTime.UnixEpoch, Time(LakeTestData.Start * 2));

        Assert.Equal(before, after.Take(before.Count));
        Assert.Equal(data.Rows.Count, after.Count);
    }

    [Fact]
    public async Task Partitions_follow_one_another_and_a_sensor_keeps_its_place()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var (one, other) = (new LakeTestData(1, sensors: 8) { RecordInterval = 120_000 }, new LakeTestData(2, sensors: 12) { RecordInterval = 120_000 });
        await lake.CommitCutAsync(other, records: 300, partition: 3);
        await lake.CommitCutAsync(one, records: 300, partition: 0);

        var found = await ReadAsync(lake, one.Catalog.Profiles[0], DateTime.UnixEpoch, Time(LakeTestData.Start * 2));

        Assert.Equal([0, 3], found.Select(r => r.Partition).Distinct());
        Assert.Equal(one.Rows.Select(r => r.SensorId).Concat(other.Rows.Select(r => r.SensorId)), found.Select(r => r.SensorId));
    }

    [Fact]
    public async Task Other_profiles_are_passed_over_and_measurements_that_the_files_lack_are_missing()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = await FillAsync(lake);
        var climate = data.Catalog.Profiles[0];
        var grown = climate with { Measurements = [climate.Measurements[1], new MeasurementDefinition("pressure", "Pa", 0, 1, null, null)] };

        Assert.Empty(await ReadAsync(lake, climate with { Name = "motor" }, DateTime.UnixEpoch, Time(LakeTestData.Start * 2)));
        var found = await ReadAsync(lake, grown, DateTime.UnixEpoch, Time(LakeTestData.Start * 2));

        Assert.Equal(data.Rows.Select(r => (r.Temperature + 0.0, double.NaN)), found.Select(r => (r.First, r.Second)));
    }

    [Fact]
    public async Task The_newest_event_time_is_that_of_the_profiles_sensors()
    {
        await using var lake = await LakeFixture.CreateAsync();
        await lake.SqlAsync("INSERT INTO sensor (sensor_id, profile, first_seen_at, last_event_time, last_flags) VALUES ('a', 'climate', 0, 5000, 0), ('b', 'climate', 0, 7000, 0), ('c', 'motor', 0, 9000, 0)");
        var query = new ProfileReadingsQuery(lake.Store, lake.Contexts, lake.Configured);

        Assert.Equal(Time(7_000), await query.NewestEventTimeAsync("climate", Token));
        Assert.Null(await query.NewestEventTimeAsync("pump", Token));
    }

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;

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

    private static async Task<List<Row>> ReadAsync(LakeFixture lake, SensorProfile profile, DateTime from, DateTime to)
    {
        var found = new List<Row>();
        await foreach (var chunk in new ProfileReadingsQuery(lake.Store, lake.Contexts, lake.Configured).ReadAsync(profile, from, to, Token))
        {
            Assert.InRange(chunk.Rows, 1, ProfileReadings.ChunkRows);
            for (var r = 0; r < chunk.Rows; r++)
            {
                found.Add(new Row(
                    chunk.SourceId, chunk.Partition, chunk.Offset[r], chunk.Item[r], chunk.Sensors[chunk.Sensor[r]], chunk.EventMs[r], (int)chunk.Flags[r],
                    chunk.Values[0][r], chunk.Values[1][r], chunk.Score[r], chunk.IsAnomaly[r]));
            }
        }

        return found;
    }

    private sealed record Row(
        int Source, int Partition, long Offset, int Item, string SensorId, long EventMs, int Flags, double First, double Second, double Score, bool IsAnomaly);
}

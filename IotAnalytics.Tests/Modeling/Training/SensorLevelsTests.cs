using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Modeling.Training.Episodes;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Modeling.Training;

public sealed class SensorLevelsTests
{
    private const long Window = 336 * FleetReadings.Hour;

    [Fact]
    public void With_very_many_sensors_the_blocks_get_longer_and_the_means_stay()
    {
        const int Sensors = 30_000;
        var levels = new SensorLevels(2, TimeSpan.FromSeconds(10), 0, Window);
        var readings = Chunk(Sensors, s => s * 1_000L);
        var early = Chunk(1, _ => 5 * FleetReadings.Hour);
        Assert.Equal(336, levels.Blocks);
        for (var i = 0; i < 5; i++)
        {
            levels.Add(early, 0, 1, isFlagged: i == 0, isDismissed: false, isOffered: true);
        }

        for (var s = 0; s < Sensors; s++)
        {
            levels.Add(readings, s, Sensors, isFlagged: false, isDismissed: false, isOffered: true);
        }

        Assert.InRange(levels.Blocks, 8, 40);
        Assert.True(levels.Blocks * levels.BlockMs >= Window);
        var block = (int)(5 * FleetReadings.Hour / levels.BlockMs);
        Assert.Equal(6, levels.OfferedOf(0, block));
        Assert.Equal(20, levels.Mean(0, block, 0));
        Assert.Equal(double.NaN, levels.Mean(1, block, 0));
    }

    [Theory]
    [InlineData(10, 336)]
    [InlineData(600, 168)]
    [InlineData(86_400, 8)]
    public void Blocks_hold_some_readings_of_a_sensor_that_reports_seldom(int seconds, int blocks) =>
        Assert.Equal(blocks, new SensorLevels(1, TimeSpan.FromSeconds(seconds), 0, Window).Blocks);

    private static ReadingColumns Chunk(int sensors, Func<int, long> time) => new()
    {
        Rows = sensors,
        Sensors = [.. Enumerable.Range(0, sensors).Select(FleetReadings.Id)],
        Sensor = [.. Enumerable.Range(0, sensors)],
        EventMs = [.. Enumerable.Range(0, sensors).Select(time)],
        Values = [[.. Enumerable.Repeat(20.0, sensors)], [.. Enumerable.Repeat(50.0, sensors)]],
        Flags = new ReadingFlags[sensors],
        Score = new double[sensors],
        IsAnomaly = new bool[sensors],
        SourceId = 1,
        Partition = 0,
        Offset = new long[sensors],
        Item = new int[sensors],
    };
}

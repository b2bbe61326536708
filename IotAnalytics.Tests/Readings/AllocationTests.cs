using System.Globalization;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using static IotAnalytics.Tests.Readings.Parsing;

namespace IotAnalytics.Tests.Readings;

public class AllocationTests
{
    [Fact]
    public void A_normal_row_allocates_nothing_from_the_parse_to_its_features()
    {
        var random = new Random(1);
        using var records = Records(Enumerable.Range(0, 80).Select(record => string.Join('\n', Enumerable.Range(0, 100).Select(i => string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"sensor_id":"sensor_{{i % 40:000}}","timestamp":"2025-12-31T23:{{record % 60:00}}:{{i % 60:00}}.{{record:000}}Z","temperature":{{random.Next(1800, 2800) / 100.0}},"humidity":{{random.Next(4000, 7000) / 100.0}}}""")))));
        var parser = new ReadingParser(Climate, Rules);
        var validator = new ReadingValidator(Climate, Rules);
        var sensors = new SensorTable(Climate);
        var features = new FeatureSet(Climate.Profiles[0], Climate);
        var batch = new MicroBatch(Climate.Measurements.Length, 64);
        var rows = Enumerable.Range(0, 8_000).ToArray();
        float[][] into = [.. Enumerable.Range(0, features.Count).Select(_ => new float[rows.Length])];
        Run();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            Run();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(8_000, batch.RowCount);
        Assert.Equal(40, sensors.Count);

        void Run()
        {
            parser.Parse(records, 1, long.MaxValue, int.MaxValue, batch);
            validator.Validate(batch, sensors);
            features.Compute(batch, rows.AsSpan(0, batch.RowCount), sensors, into);
        }
    }
}

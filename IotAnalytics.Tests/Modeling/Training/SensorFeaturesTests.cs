using System.Text;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Modeling.Training;

public sealed class SensorFeaturesTests
{
    private static readonly SensorProfile Profile = new(
        "climate", TimeSpan.FromSeconds(1),
        [new MeasurementDefinition("temperature", "Cel", -50, 200, null, null)],
        [new FeatureDefinition("raw", "temperature"), new FeatureDefinition("change", "delta(temperature)"), new FeatureDefinition("level", "ewma(temperature, 20)")],
        [new DetectorDefinition("IsolationForest", 10, 16, 0.1, 0.001)]);

    [Fact]
    public void They_are_those_of_the_pipeline_whatever_the_chunks()
    {
        var random = new Random(4);
        var catalog = new ProfileCatalog([Profile]);
        var sensors = new SensorTable(catalog);
        string[] ids = ["a", "b", "c"];
        foreach (var id in ids)
        {
            sensors.Add(Encoding.UTF8.GetBytes(id), 0);
        }

        const int Rows = 900;
        var batch = new MicroBatch(1, 1_024);
        batch.EnsureCapacity(Rows);
        batch.RowCount = Rows;
        var values = batch.EnsureMeasurement(0);
        for (var row = 0; row < Rows; row++)
        {
            batch.Sensor[row] = random.Next(3);
            values[row] = random.Next(20) == 0 ? double.NaN : random.NextDouble() * 100;
            batch.Flags[row] = random.Next(10) == 0 ? ReadingFlags.OutOfOrder : 0;
        }

        var expected = new[] { new float[Rows], new float[Rows], new float[Rows] };
        catalog.FeaturesOf(0).Compute(batch, [.. Enumerable.Range(0, Rows)], sensors, expected);

        var features = new SensorFeatures(Profile);
        var found = new FeatureTable(3, 0);
        foreach (var (first, count) in new[] { (0, 1), (1, 250), (251, 649) })
        {
            found = FeatureTable.Concat(found, features.Compute(Chunk(batch, values, first, count, ids, partition: 0)));
        }

        Assert.Equal(expected[0], found.Columns[0]);
        Assert.Equal(expected[1], found.Columns[1]);
        Assert.Equal(expected[2], found.Columns[2]);
        Assert.Contains(found.Columns[2], float.IsFinite);

        // Another partition's worker knows nothing of these sensors.
        Assert.Equal(float.NaN, features.Compute(Chunk(batch, values, 0, 1, ids, partition: 1)).Columns[1][0]);
    }

    [Fact]
    public void A_sensor_is_settled_when_its_history_is_as_long_as_the_pipelines_warm_up()
    {
        var batch = new MicroBatch(1, 1_024);
        batch.EnsureCapacity(201);
        batch.RowCount = 201;
        var values = batch.EnsureMeasurement(0);

        new SensorFeatures(Profile).Compute(Chunk(batch, values, 0, 201, ["a"], 0), out var isSettled);
        new SensorFeatures(Profile with { Features = [Profile.Features[0]] }).Compute(Chunk(batch, values, 0, 201, ["a"], 0), out var always);

        Assert.Equal(200, Array.IndexOf(isSettled, true));
        Assert.DoesNotContain(false, always);
    }

    private static ReadingColumns Chunk(MicroBatch batch, double[] values, int first, int count, string[] ids, int partition) => new()
    {
        Rows = count,
        Sensors = ids,
        Sensor = batch.Sensor[first..(first + count)],
        EventMs = new long[count],
        Values = [values[first..(first + count)]],
        Flags = batch.Flags[first..(first + count)],
        Score = new double[count],
        IsAnomaly = new bool[count],
        SourceId = 1,
        Partition = partition,
        Offset = new long[count],
        Item = new int[count],
    };
}

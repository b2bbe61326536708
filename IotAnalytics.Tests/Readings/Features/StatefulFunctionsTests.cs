using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using static IotAnalytics.Tests.Readings.Parsing;

namespace IotAnalytics.Tests.Readings.Features;

public class StatefulFunctionsTests
{
    [Fact]
    public void Delta_is_the_change_since_the_previous_reading()
    {
        Assert.Equal([float.NaN, 2, -5], Run("delta(x)", 1, 3, -2));
        Assert.Equal([float.NaN, float.NaN, 4], Run("delta(x)", 1, double.NaN, 5));
    }

    [Fact]
    public void Ewma_is_missing_until_it_has_seen_its_span_and_then_weighs_the_new_value_two_in_span_plus_one()
    {
        // Weights 1, 1/2, 1/2, 1/2: 3, 4.5, 6.75, 8.375.
        Assert.Equal([float.NaN, float.NaN, 6.75f, 8.375f], Run("ewma(x, 3)", 3, 6, 9, 10));
    }

    [Fact]
    public void Residual_is_measured_in_the_sensors_own_deviations_after_its_warm_up()
    {
        var small = Run("residual(x, 1000)", Readings(amplitude: 1, last: 10));
        var large = Run("residual(x, 1000)", Readings(amplitude: 1_000, last: 10_000));

        Assert.All(small[..StatefulFunctions.WarmUp], r => Assert.Equal(float.NaN, r));
        // A sine has a mean absolute deviation of 2/π; as that of a normal it stands for σ = 0.8.
        Assert.InRange(small[^1], 11.5, 13);
        Assert.Equal(small[^1], large[^1], 0.001);
    }

    [Fact]
    public void A_fault_moves_the_level_no_faster_than_a_deviation_of_its_size()
    {
        double[] usual = Readings(amplitude: 1, last: 0);
        var far = Run("residual(x, 200)", [.. usual, .. Enumerable.Repeat(1e6, 30), 5]);
        var near = Run("residual(x, 200)", [.. usual, .. Enumerable.Repeat(5.0, 30), 5]);

        Assert.Equal(near[^1], far[^1], 0.1);
        Assert.True(near[^1] > 2);
    }

    [Theory]
    [InlineData("residual(x, 100)", 100)]
    [InlineData("residual(x, 100, 0.5)", 2)]
    public void A_measurement_that_stood_still_has_the_smallest_scale(string expression, float expected)
    {
        var residuals = Run(expression, [.. Enumerable.Repeat(7.0, 150), 8]);

        Assert.Equal([0, expected], residuals[^2..]);
    }

    [Fact]
    public void A_batch_gives_what_single_readings_give_and_every_sensor_has_its_own_memory()
    {
        var catalog = Catalog("delta(x) + ewma(x, 5)", "residual(x, 300)", "x");
        var features = catalog.FeaturesOf(0);
        var sensors = new SensorTable(catalog);
        var states = new[] { new double[features.StateSlots], new double[features.StateSlots] };
        var random = new Random(4);
        for (var round = 0; round < 40; round++)
        {
            double[] values = [.. Enumerable.Range(0, 12).Select(_ => Math.Round(random.NextDouble() * 10, 3))];
            var batch = Validated(catalog, sensors, [.. values.Select((v, i) => (i % 2 == 0 ? "a" : "b", round * 12 + i, v))]);
            int[] rows = [.. Enumerable.Range(0, batch.RowCount)];
            float[][] columns = [new float[12], new float[12], new float[12]];

            features.Compute(batch, rows, sensors, columns);

            for (var i = 0; i < 12; i++)
            {
                var single = new float[3];
                features.Compute([values[i]], states[i % 2], single);
                Assert.Equal(single, columns.Select(c => c[i]));
            }
        }
    }

    [Fact]
    public void A_reading_that_comes_late_is_judged_but_not_remembered()
    {
        var catalog = Catalog("delta(x)");
        var sensors = new SensorTable(catalog);
        var batch = Validated(catalog, sensors, [("a", 10, 1), ("a", 20, 5), ("a", 15, 100), ("a", 30, 6)]);
        float[][] columns = [new float[4]];

        catalog.FeaturesOf(0).Compute(batch, [0, 1, 2, 3], sensors, columns);

        Assert.Equal([float.NaN, 4, 95, 1], columns[0]);
    }

    [Fact]
    public void Memory_goes_with_the_saved_state_and_begins_anew_when_an_expression_changes()
    {
        var catalog = Catalog("delta(x)");
        var sensors = new SensorTable(catalog);
        Next(catalog, sensors, 10, 1);

        Assert.Equal(2, Next(catalog, Reloaded(sensors, catalog), 20, 3));
        var changed = Catalog("delta(x + 1)");
        Assert.Equal(float.NaN, Next(changed, Reloaded(sensors, changed), 20, 3));
    }

    private static float Next(ProfileCatalog catalog, SensorTable sensors, int second, double value)
    {
        float[][] columns = [new float[1]];
        catalog.FeaturesOf(0).Compute(Validated(catalog, sensors, [("a", second, value)]), [0], sensors, columns);
        return columns[0][0];
    }

    private static SensorTable Reloaded(SensorTable sensors, ProfileCatalog catalog)
    {
        using var stream = new MemoryStream();
        sensors.Save(stream);
        return SensorTable.Load(new MemoryStream(stream.ToArray()), catalog);
    }

    private static MicroBatch Validated(ProfileCatalog catalog, SensorTable sensors, (string Sensor, int Second, double Value)[] readings)
    {
        var text = string.Join('\n', readings.Select(r => FormattableString.Invariant(
            $"{{\"sensor_id\":\"{r.Sensor}\",\"timestamp\":{Now - 10_000_000 + r.Second * 1000L},\"x\":{r.Value}}}")));
        var batch = Parse(Records(text), catalog);
        new ReadingValidator(catalog, Rules).Validate(batch, sensors);
        return batch;
    }

    private static ProfileCatalog Catalog(params string[] expressions) => new(
    [
        ClimateProfile.Default with
        {
            Measurements = [new MeasurementDefinition("x", "1", -1e9, 1e9, null, null)],
            Features = [.. expressions.Select((e, i) => new FeatureDefinition($"f{i}", e))],
        },
    ]);

    private static double[] Readings(double amplitude, double last) =>
        [.. Enumerable.Range(0, 300).Select(i => amplitude * Math.Sin(i * 1.7)), last];

    private static float[] Run(string expression, params double[] values)
    {
        var set = FeatureSet.OfColumns(["x"], [new FeatureDefinition("f", expression)]);
        var state = new double[set.StateSlots];
        var into = new float[1];
        return [.. values.Select(v =>
        {
            set.Compute([v], state, into);
            return into[0];
        })];
    }
}

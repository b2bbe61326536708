using System.Globalization;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using static IotAnalytics.Tests.Readings.Parsing;

namespace IotAnalytics.Tests.Readings.Features;

public class FeatureSetTests
{
    [Fact]
    public void Chosen_rows_of_a_batch_and_single_readings_give_the_same_features()
    {
        var profile = ClimateProfile.Default with
        {
            Features =
            [
                .. ClimateProfile.Default.Features,
                new FeatureDefinition("odd", "pow(abs(temperature - 20), 1.5) - log(max(humidity, 0.001)) / sqrt(2) + exp(-humidity / 50) * min(temperature, 3)"),
                new FeatureDefinition("constant", "-1"),
            ],
        };
        var catalog = new ProfileCatalog([profile, Profile("other", "aaa", "temperature")]);
        var random = new Random(8);
        var batch = Parse(
            Records(string.Join('\n', Enumerable.Range(0, 1_000).Select(i => string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"sensor_id":"s","timestamp":{{Now - i}},"temperature":{{random.NextDouble() * 100}},"humidity":{{(random.Next(10) == 0 ? "null" : random.NextDouble() * 100)}}}""")))),
            catalog);
        var features = new FeatureSet(profile, catalog);
        int[] rows = [.. Enumerable.Range(0, 1_000).Where(r => r % 3 != 1).Reverse()];
        float[][] columns = [.. Enumerable.Range(0, features.Count).Select(_ => new float[rows.Length])];
        var single = new float[features.Count];

        features.Compute(batch, rows, sensors: null, columns);

        for (var i = 0; i < rows.Length; i++)
        {
            features.Compute([batch.Value(rows[i], "humidity", catalog), batch.Value(rows[i], "temperature", catalog)], single);
            Assert.Equal(single, columns.Select(c => c[i]));
        }

        Assert.Equal((float)(batch.Value(rows[0], "temperature", catalog) / Math.Max(batch.Value(rows[0], "humidity", catalog), 1)), columns[2][0]);
        Assert.Contains(float.NaN, columns[3]);
    }

    [Theory]
    [InlineData("x / 0")]
    [InlineData("0 / 0 + x")]
    [InlineData("x * 1e39")]
    [InlineData("-x * 1e39")]
    [InlineData("y")]
    public void A_result_that_is_no_finite_float_is_missing(string expression)
    {
        var profile = Profile("p", "x", "y") with { Features = [new FeatureDefinition("f", expression)] };
        var features = new FeatureSet(profile, new ProfileCatalog([profile]));
        var into = new float[1];

        features.Compute([1, double.NaN], into);

        Assert.Equal(float.NaN, into[0]);
    }

    [Fact]
    public void Minus_zero_is_zero()
    {
        var profile = Profile("p", "x") with { Features = [new FeatureDefinition("f", "-x")] };
        var into = new float[1];

        new FeatureSet(profile, new ProfileCatalog([profile])).Compute([0], into);

        Assert.Equal(0, BitConverter.SingleToInt32Bits(into[0]));
    }

    [Fact]
    public void A_batch_without_a_measurement_has_it_missing()
    {
        var features = new FeatureSet(ClimateProfile.Default, Climate);
        float[][] columns = [new float[1], new float[1], new float[1]];

        features.Compute(Parse("""{"sensor_id":"s","timestamp":1767225600000,"temperature":4}"""), [0], sensors: null, columns);

        Assert.Equal([float.NaN, 4, float.NaN], columns.Select(c => c[0]));
    }

    [Fact]
    public void The_plan_text_tells_expressions_apart_by_what_they_compute()
    {
        Assert.Equal(
            "humidity = humidity\ntemperature = temperature\ntemperature_humidity_ratio = temperature humidity 1 max divide",
            new FeatureSet(ClimateProfile.Default, Climate).PlanText);
        Assert.Equal(Text(" x+( 2*x )"), Text("x + 2 * x"));
        Assert.NotEqual(Text("(x + 2) * x"), Text("x + 2 * x"));
    }

    [Fact]
    public void A_bad_expression_is_refused_by_name()
    {
        var error = Assert.Throws<ArgumentException>(() => Text("x +"));

        Assert.StartsWith("Feature f of profile p: position 4:", error.Message, StringComparison.Ordinal);
    }

    private static string Text(string expression)
    {
        var profile = Profile("p", "x") with { Features = [new FeatureDefinition("f", expression)] };
        return new FeatureSet(profile, new ProfileCatalog([profile])).PlanText;
    }
}

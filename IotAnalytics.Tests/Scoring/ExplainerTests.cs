using System.Text.Json;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;
using IotAnalytics.Tests.Modeling;

namespace IotAnalytics.Tests.Scoring;

public class ExplainerTests
{
    private static readonly ModelSnapshot Model = BootstrapTrainer.Train(SampleModels.Climate, seed: 42);
    private static readonly FeatureSet Features = new(SampleModels.Climate, new ProfileCatalog([SampleModels.Climate]));

    [Theory]
    [InlineData(95, 55, "temperature")]
    [InlineData(23, 3, "humidity")]
    public void The_guilty_measurement_is_named_first(double temperature, double humidity, string guilty)
    {
        var explanation = Explain(temperature, humidity);

        Assert.Equal(guilty, explanation.TopMeasurement);
        Assert.True(explanation.Contributions[0].Contribution > 0.05);
        Assert.True(explanation.Contributions[1].Contribution < explanation.Contributions[0].Contribution);
    }

    [Fact]
    public void A_missing_measurement_is_imputed_and_does_not_take_the_blame()
    {
        var explanation = Explain(95, double.NaN);

        Assert.Equal("temperature", explanation.TopMeasurement);
        Assert.Contains("\"name\":\"humidity\",\"value\":null", explanation.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_value_contribution_and_expected_range_in_order_of_contribution()
    {
        using var json = JsonDocument.Parse(Explain(95, 55).ToJson());
        var first = json.RootElement.GetProperty("measurements")[0];

        Assert.Equal("temperature", first.GetProperty("name").GetString());
        Assert.Equal(95, first.GetProperty("value").GetDouble());
        Assert.InRange(first.GetProperty("contribution").GetDouble(), 0.05, 1);
        Assert.InRange(first.GetProperty("expected_low").GetDouble(), 18, 18.3);
        Assert.InRange(first.GetProperty("expected_high").GetDouble(), 27.7, 28);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("also").ValueKind);
    }

    [Fact]
    public void Two_measurements_that_share_the_blame_are_both_named()
    {
        // Only both together are unusual: with either of them as usual, so are all features.
        const string Joint = "23 + min(temperature - 23, (humidity - 55) / 3)";
        var set = FeatureSet.OfColumns(
            Model.MeasurementNames,
            [.. Model.FeatureNames.Select((name, i) => new FeatureDefinition(name, i == 0 ? Joint : "" + (decimal)Model.FeatureMedians[i]))]);
        double[] reading = [.. Model.MeasurementNames.Select(m => m == "temperature" ? 95.0 : 271)];
        var features = new float[3];
        set.Compute(reading, features);
        var score = SampleModels.Score(Model.Detector, [.. features.Select(f => new[] { f })])[0];

        var explanation = new Explainer(Model, set).Explain(reading, score);

        Assert.NotNull(explanation.Also);
        Assert.NotEqual(explanation.TopMeasurement, explanation.Also);
    }

    private static Explanation Explain(double temperature, double humidity)
    {
        var row = new float[3];
        Features.Compute([temperature, humidity], row);
        Model.Impute(row);
        var score = SampleModels.Score(Model.Detector, [.. row.Select(v => new[] { v })])[0];
        return new Explainer(Model, Features).Explain([temperature, humidity], score);
    }
}

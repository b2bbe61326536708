using System.Collections.Immutable;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;

namespace IotAnalytics.Tests.Modeling.Training;

public class BootstrapTrainerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(42)]
    public void The_bootstrap_model_is_right_on_at_least_99_of_100_fresh_samples(int seed)
    {
        var profile = SampleModels.Climate;
        var model = BootstrapTrainer.Train(profile, seed);
        var features = new FeatureSet(profile, new ProfileCatalog([profile]));
        var fresh = new SyntheticReadings(profile, seed: 1_000 + seed, stream: 0);
        var rows = new double[10_000][];
        var truth = new bool[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = new double[2];
            truth[i] = fresh.Next(anomalyRate: 0.1, rows[i]);
        }

        var scores = FeatureTable.Of(rows, features).Score(model.Detector);
        var right = scores.Where((s, i) => s > model.Threshold == truth[i]).Count();

        Assert.InRange(truth.Count(t => t), 800, 1_200);
        Assert.True(right >= 9_900, $"{right} of 10,000 right");
    }

    [Fact]
    public void The_same_profile_and_seed_give_the_same_file()
    {
        var first = ModelFile.Write(BootstrapTrainer.Train(SampleModels.Climate, seed: 5));

        Assert.Equal(first, ModelFile.Write(BootstrapTrainer.Train(SampleModels.Climate, seed: 5)));
        Assert.NotEqual(first, ModelFile.Write(BootstrapTrainer.Train(SampleModels.Climate, seed: 6)));
    }

    [Fact]
    public void It_has_all_that_scoring_and_explaining_need()
    {
        var model = BootstrapTrainer.Train(SampleModels.Climate, seed: 5);

        Assert.Equal("climate", model.Name);
        Assert.Equal("1", model.Version);
        Assert.Equal(["temperature", "humidity", "temperature_humidity_ratio"], model.FeatureNames);
        Assert.Equal(["temperature", "humidity"], model.MeasurementNames);
        Assert.Equal(10_000, model.ReferenceScores.Length);
        Assert.Equal(16, model.ReferenceRows.Length);
        Assert.All(model.ReferenceRows, r => Assert.InRange(r[0], 18, 28));
        Assert.Equal(1 / 10_001.0, model.Rarity(1));
        Assert.Equal(1, model.Rarity(0));
        Assert.Matches("^[0-9a-f]{64}$", model.Sha256);
    }

    [Fact]
    public void A_profile_without_bands_and_with_many_measurements_gets_a_model_too()
    {
        var measurements = Enumerable.Range(0, 12).Select(i => new MeasurementDefinition($"m{i}", "", -10, 20, null, null)).ToImmutableArray();
        var profile = new SensorProfile(
            "wide", TimeSpan.FromSeconds(1), measurements, [.. measurements.Select(m => new FeatureDefinition(m.Name, m.Name))],
            [new DetectorDefinition("IsolationForest", 50, 128, 0.05, 0.001)]);
        var model = BootstrapTrainer.Train(profile, seed: 1);
        float[][] healthy = [.. measurements.Select(_ => new[] { 5f })];
        float[][] faulty = [.. measurements.Select(_ => new[] { 19f })];

        Assert.True(SampleModels.Score(model.Detector, healthy)[0] < model.Threshold);
        Assert.True(SampleModels.Score(model.Detector, faulty)[0] > model.Threshold);
    }
}

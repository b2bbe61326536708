using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;
using IotAnalytics.Tests.Modeling;

namespace IotAnalytics.Tests.Scoring;

/// <summary>Whether an explanation names the measurement that was made to fail.</summary>
public class FaithfulnessTests
{
    private const int Measurements = 10;
    private const double Spike = 8;
    private const int ModelCount = 5;

    [Theory]
    [InlineData("forest")]
    [InlineData("pca")]
    public void Of_ten_measurements_the_one_with_a_spike_ranks_first(string kind)
    {
        var named = 0;
        for (var trial = 0; trial < 100; trial++)
        {
            var random = new Xoshiro256(trial, 50);
            var model = Models(kind)[trial % ModelCount];
            var guilty = random.NextBelow(Measurements);
            double[] reading = [.. Healthy(ref random)];
            reading[guilty] = Level(guilty) + (random.NextBelow(2) == 0 ? Spike : -Spike) * Sigma(guilty);
            float[] features = [.. reading.Select(v => (float)v)];
            var set = FeatureSet.OfColumns(model.MeasurementNames, [.. model.FeatureNames.Select(f => new FeatureDefinition(f, f))]);
            var score = SampleModels.Score(model.Detector, [.. features.Select(f => new[] { f })])[0];

            named += new Explainer(model, set).Explain(reading, score).TopMeasurement == $"m{guilty}" ? 1 : 0;
        }

        Assert.True(named >= 95, $"{named} of 100");
    }

    private static ModelSnapshot[] Models(string kind) => [.. Enumerable.Range(0, ModelCount).Select(seed =>
    {
        var random = new Xoshiro256(seed, 52);
        var rows = new double[4_000][];
        var columns = Enumerable.Range(0, Measurements).Select(_ => new float[rows.Length]).ToArray();
        for (var r = 0; r < rows.Length; r++)
        {
            rows[r] = Healthy(ref random);
            for (var m = 0; m < Measurements; m++)
            {
                columns[m][r] = (float)rows[r][m];
            }
        }

        IAnomalyDetector detector = kind == "pca"
            ? PcaTrainer.Fit(SampleModels.Table(columns))
            : IsolationForestTrainer.Train(columns, rows.Length, new IsolationForestOptions { Seed = seed }, CancellationToken.None);
        return SampleModels.OfRows(columns, detector, rows[..16]);
    })];

    /// <summary>Measurements with levels and deviations of their own, of which half depend on the one before.</summary>
    private static double[] Healthy(ref Xoshiro256 random)
    {
        var row = new double[Measurements];
        double before = 0;
        for (var m = 0; m < Measurements; m++)
        {
            var own = Math.Sqrt(-2 * Math.Log(1 - random.NextUniform())) * Math.Cos(2 * Math.PI * random.NextUniform());
            before = m % 2 == 0 ? own : 0.8 * before + 0.6 * own;
            row[m] = Level(m) + Sigma(m) * before;
        }

        return row;
    }

    private static double Level(int measurement) => 10 * measurement - 30;

    private static double Sigma(int measurement) => 0.1 * Math.Pow(2, measurement);
}

using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling;

/// <summary>Profiles, data and models that several tests use.</summary>
internal static class SampleModels
{
    public static SensorProfile Climate { get; } = new(
        "climate",
        TimeSpan.FromSeconds(10),
        [
            new MeasurementDefinition("temperature", "Cel", -50, 200, new ValueBand(18, 28), new ValueBand(80, 120)),
            new MeasurementDefinition("humidity", "%", 0, 100, new ValueBand(40, 70), new ValueBand(0, 20)),
        ],
        [
            new FeatureDefinition("temperature", "temperature"),
            new FeatureDefinition("humidity", "humidity"),
            new FeatureDefinition("temperature_humidity_ratio", "temperature / max(humidity, 1)"),
        ],
        [new DetectorDefinition("IsolationForest", 100, 256, 0.1, 0.001)]);

    /// <summary>Uniform columns, repeatable.</summary>
    public static float[][] Uniform(int features, int rows, long seed)
    {
        var random = new Xoshiro256(seed, 1_000_000);
        var columns = new float[features][];
        for (var f = 0; f < features; f++)
        {
            columns[f] = new float[rows];
            for (var r = 0; r < rows; r++)
            {
                columns[f][r] = (float)(random.NextUniform() * 100 - 50);
            }
        }

        return columns;
    }

    public static IsolationForest Forest(float[][] columns, IsolationForestOptions options) =>
        IsolationForestTrainer.Train(columns, columns[0].Length, options, CancellationToken.None);

    public static double[] Score(IAnomalyDetector detector, float[][] columns)
    {
        var scores = new double[columns[0].Length];
        detector.Score(columns, scores.Length, scores);
        return scores;
    }

    /// <summary>A model of plain columns <c>a</c>, <c>b</c>, … with a forest of its own.</summary>
    public static ModelSnapshot Plain(int features, IsolationForestOptions options)
    {
        var columns = Uniform(features, 400, options.Seed);
        return Plain(columns, ForestTrainer.Train(columns, 400, options, CancellationToken.None), options);
    }

    /// <summary>The same with the recommended combination.</summary>
    public static ModelSnapshot Combined(int features, IsolationForestOptions options)
    {
        var columns = Uniform(features, 400, options.Seed);
        var members = RecommendedForests.Grow(columns, 400, options, CancellationToken.None).Add(Forest(columns, options));
        return Plain(columns, CombinedDetector.Fit(members, columns, 400), options);
    }

    /// <summary>A chart of three columns.</summary>
    public static ModelSnapshot Chart(Func<FeatureTable, IAnomalyDetector> fit)
    {
        var table = Table(Uniform(3, 400, seed: 9));
        return Plain(table.Columns, fit(table), new IsolationForestOptions { Seed = 9 });
    }

    /// <summary>Measurements m0, m1, …, compared with the rows given.</summary>
    public static ModelSnapshot OfRows(float[][] columns, IAnomalyDetector detector, double[][] referenceRows)
    {
        var model = Plain(columns, detector, new IsolationForestOptions());
        System.Collections.Immutable.ImmutableArray<string> names = [.. columns.Select((_, i) => $"m{i}")];
        return model with { MeasurementNames = names, FeatureNames = names, ReferenceRows = referenceRows };
    }

    /// <summary>Columns as a table.</summary>
    public static FeatureTable Table(float[][] columns)
    {
        var table = new FeatureTable(columns.Length, columns[0].Length);
        for (var f = 0; f < columns.Length; f++)
        {
            columns[f].CopyTo(table.Columns[f], 0);
        }

        return table;
    }

    private static ModelSnapshot Plain(float[][] columns, IAnomalyDetector detector, IsolationForestOptions options)
    {
        var features = columns.Length;
        var scores = Score(detector, columns);
        Array.Sort(scores);
        string[] names = [.. Enumerable.Range(0, features).Select(f => $"{(char)('a' + f)}")];
        var threshold = Thresholds.ByContamination(scores, 0.05);
        return ModelFile.Seal(new ModelSnapshot
        {
            Card = new ModelCard
            {
                Name = "plain",
                Version = "1",
                Kind = detector.Kind,
                CreatedAt = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
                Source = "a test",
                TrainingRows = 400,
                ReferenceRows = 400,
                Seed = options.Seed,
                Parameters = DetectorParameters.Of(detector),
                Features = [.. names.Select(n => new ModelCardFeature(n, n, 0))],
                Measurements = [.. names.Select(n => new ModelCardMeasurement(n, "", -49, 49))],
                Threshold = new ModelCardThreshold(threshold, ModelCardThreshold.Contamination, 0.05),
            },
            Detector = detector,
            Threshold = threshold,
            FeatureNames = [.. names],
            FeatureMedians = new float[features],
            MeasurementNames = [.. names],
            ExpectedRanges = [.. names.Select(_ => new ExpectedRange(-49, 49))],
            ReferenceScores = scores,
            ReferenceRows = [.. Enumerable.Range(0, 16).Select(r => columns.Select(c => (double)c[r]).ToArray())],
        });
    }
}

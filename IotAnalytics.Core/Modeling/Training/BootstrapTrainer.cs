using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>
/// The first model of a profile, before it has seen a reading: grown from synthetic rows in the bands of the profile's measurements. The
/// same profile and seed give the same file, byte for byte, on every host.
/// </summary>
internal static class BootstrapTrainer
{
    public const string FirstVersion = "1";

    /// <summary>As its card says it.</summary>
    public const string Source = "synthetic readings";

    public const int TrainingRows = 1_000;
    public const int ReferenceRows = 10_000;
    private const int ExplanationRows = 16;

    /// <summary>Streams of the seed; trees have those from 0 on.</summary>
    private const long TrainingStream = -1;
    private const long ReferenceStream = -2;
    private const long SeriesStream = -3;

    /// <summary>Version 1 for a profile.</summary>
    public static ModelSnapshot Train(SensorProfile profile, int seed) => Train(profile, seed, FirstVersion);

    public static ModelSnapshot Train(SensorProfile profile, int seed, string version)
    {
        var features = new FeatureSet(profile, new ProfileCatalog([profile]));
        var contamination = profile.Detectors[0].BootstrapContamination;
        var anomalies = (int)Math.Round(TrainingRows * contamination, MidpointRounding.AwayFromZero);
        var training = TrainingTable(TrainingReadings(profile, anomalies, seed), anomalies, features);
        var medians = training.Medians();
        training.Impute(medians);
        var normal = NormalReadings(profile, seed);
        var reference = FeatureTable.Of(normal, features);
        reference.Impute(medians);
        var healthy = training.Slice(anomalies, TrainingRows - anomalies);
        if (profile.Detectors.Any(d => d.Kind is DetectorDefinition.Pca or DetectorDefinition.Mewma))
        {
            // Charts learn from one half of a series; with the other, rarities are those of readings that follow one another too.
            var series = FeatureTable.Of(SyntheticSeries.Of(profile, seed, SeriesStream), features);
            series.Impute(medians);
            var half = series.Rows / 2;
            healthy = series.Slice(0, half);
            reference = FeatureTable.Concat(reference, series.Slice(half, series.Rows - half));
        }

        var detector = ProfileDetector.Train(profile, features, training, healthy, reference, seed, threads: null, CancellationToken.None);
        var referenceScores = reference.Score(detector);
        Array.Sort(referenceScores);

        // A chart has a limit of its own; the share that it flags follows from that.
        var threshold = detector is IFeatureContributions
            ? new ModelCardThreshold(ProfileDetector.ControlLimit, ModelCardThreshold.Fixed)
            : new ModelCardThreshold(Thresholds.ByContamination(training.Score(detector), contamination), ModelCardThreshold.Contamination, contamination);
        var ranges = ReferenceRanges.Of(normal, profile.Measurements.Length);
        return ModelFile.Seal(new ModelSnapshot
        {
            Card = new ModelCard
            {
                Name = profile.Name,
                Version = version,
                Kind = detector.Kind,
                Source = Source,
                TrainingRows = TrainingRows,
                ReferenceRows = reference.Rows,
                Seed = seed,
                Parameters = DetectorParameters.Of(detector),
                Features = [.. profile.Features.Select((f, i) => new ModelCardFeature(f.Name, f.Expression, medians[i]))],
                Measurements = [.. profile.Measurements.Select((m, i) => new ModelCardMeasurement(m.Name, m.Unit, ranges[i].P1, ranges[i].P99))],
                Threshold = threshold,
                ScoringPath = (detector as IsolationForest)?.ScoringPath,
            },
            Detector = detector,
            Threshold = threshold.Value,
            FeatureNames = [.. profile.Features.Select(f => f.Name)],
            FeatureMedians = medians,
            MeasurementNames = [.. profile.Measurements.Select(m => m.Name)],
            ExpectedRanges = ranges,
            ReferenceScores = referenceScores,
            ReferenceRows = normal[..ExplanationRows],
        });
    }

    /// <summary>Exactly the contamination's share is anomalous, whatever the seed; the order does not matter to a forest.</summary>
    private static double[][] TrainingReadings(SensorProfile profile, int anomalies, int seed) =>
        Rows(profile, new SyntheticReadings(profile, seed, TrainingStream), TrainingRows, row => row < anomalies);

    /// <summary>Features of a history learn from the healthy readings first, which come after the others.</summary>
    private static FeatureTable TrainingTable(double[][] readings, int anomalies, FeatureSet features)
    {
        var healthyFirst = FeatureTable.Of([.. readings[anomalies..], .. readings[..anomalies]], features);
        var table = new FeatureTable(features.Count, readings.Length);
        for (var f = 0; f < features.Count; f++)
        {
            healthyFirst.Columns[f].AsSpan(0, readings.Length - anomalies).CopyTo(table.Columns[f].AsSpan(anomalies));
            healthyFirst.Columns[f].AsSpan(readings.Length - anomalies).CopyTo(table.Columns[f]);
        }

        return table;
    }

    private static double[][] NormalReadings(SensorProfile profile, int seed) =>
        Rows(profile, new SyntheticReadings(profile, seed, ReferenceStream), ReferenceRows, _ => false);

    private static double[][] Rows(SensorProfile profile, SyntheticReadings source, int count, Func<int, bool> isAnomaly)
    {
        var rows = new double[count][];
        for (var row = 0; row < count; row++)
        {
            rows[row] = new double[profile.Measurements.Length];
            source.Next(anomalyRate: isAnomaly(row) ? 1 : 0, rows[row]);
        }

        return rows;
    }
}

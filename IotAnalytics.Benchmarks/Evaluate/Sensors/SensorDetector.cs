using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Benchmarks.Evaluate.Sensors;

/// <summary>A way to judge a recording: fitted to its training rows, then shown its test rows one after the other.</summary>
internal abstract record SensorDetector(string Name)
{
    public static IReadOnlyList<SensorDetector> All { get; } =
        [new Everything(), new Fitted("isolation-forest", Raw, Forest), new Fitted("pca", Raw, t => PcaTrainer.Fit(t)), new Fitted("mewma", Residuals, t => MewmaTrainer.Fit(t, t.Columns.Length / 2))];

    /// <summary>The one that is recommended for readings in order of time.</summary>
    public const string Recommended = "mewma";

    public abstract SensorScores Score(SensorRecording recording);

    private static FeatureSet Raw(SensorRecording r) => FeatureSet.OfColumns(r.Measurements, [.. r.Measurements.Select(m => new FeatureDefinition(m, m))]);

    private static FeatureSet Residuals(SensorRecording r) => FeatureSet.OfColumns(r.Measurements, ResidualFeatures.Of(r.Measurements, r.SmallestScales));

    private static IAnomalyDetector Forest(FeatureTable table) =>
        IsolationForestTrainer.Train(table.Columns, table.Rows, new IsolationForestOptions { Seed = 1 }, CancellationToken.None);

    /// <summary>The trivial one: every row is anomalous, every measurement guilty.</summary>
    private sealed record Everything() : SensorDetector("every row")
    {
        public override SensorScores Score(SensorRecording recording) => new(
            [.. recording.Test.Select(_ => 1.0)], 0.5, [.. recording.Test.Select(r => new double[r.Length])]);
    }

    private sealed record Fitted(string Name, Func<SensorRecording, FeatureSet> Features, Func<FeatureTable, IAnomalyDetector> Fit) : SensorDetector(Name)
    {
        public override SensorScores Score(SensorRecording recording)
        {
            var set = Features(recording);
            var all = FeatureTable.Of([.. recording.Training, .. recording.Test], set);
            var training = all.Slice(0, recording.Training.Length);
            var skip = training.FirstCompleteRow();
            training = training.Slice(skip, training.Rows - skip);
            var test = all.Slice(recording.Training.Length, recording.Test.Length);
            var detector = Fit(training);
            // A chart has a control limit of its own, at 0.5; the forest's is the largest score of the rows that it has learnt from.
            var threshold = detector is IFeatureContributions ? 0.5 : training.Score(detector).Max();
            return new SensorScores(test.Score(detector), threshold, Blame(recording, set, detector, test));
        }

        private static double[][] Blame(SensorRecording recording, FeatureSet set, IAnomalyDetector detector, FeatureTable test)
        {
            var blame = new double[test.Rows][];
            var row = new float[set.Count];
            var parts = new double[set.Count];
            for (var r = 0; r < blame.Length; r++)
            {
                blame[r] = new double[recording.Measurements.Length];
                if (detector is not IFeatureContributions contributions)
                {
                    continue;
                }

                for (var f = 0; f < row.Length; f++)
                {
                    row[f] = test.Columns[f][r];
                }

                contributions.Contributions(row, parts);
                for (var f = 0; f < parts.Length; f++)
                {
                    // All these features are of one measurement each, in its order.
                    ref var own = ref blame[r][f % recording.Measurements.Length];
                    own = Math.Max(own, parts[f]);
                }
            }

            return blame;
        }
    }
}

/// <summary>What a detector says of the test rows.</summary>
/// <param name="Scores">Higher is more anomalous.</param>
/// <param name="Threshold">From the training rows.</param>
/// <param name="Blame">Per row, the part of each measurement.</param>
internal sealed record SensorScores(double[] Scores, double Threshold, double[][] Blame);

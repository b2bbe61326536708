using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Benchmarks.Evaluate.Sensors;

/// <summary>Figures as the authors of the data define them. No point adjustment: with it random scores look good.</summary>
internal static class SensorFigures
{
    /// <summary>F1, false alarm rate and missed alarm rate over the pooled rows of all recordings.</summary>
    public static (double F1, double FalseAlarms, double Missed) Pooled(IEnumerable<(SensorRecording Recording, SensorScores Scores)> results)
    {
        double truePositives = 0;
        double falsePositives = 0;
        double falseNegatives = 0;
        double trueNegatives = 0;
        foreach (var (recording, scores) in results)
        {
            for (var r = 0; r < scores.Scores.Length; r++)
            {
                var flagged = scores.Scores[r] > scores.Threshold;
                if (recording.Labels[r])
                {
                    truePositives += flagged ? 1 : 0;
                    falseNegatives += flagged ? 0 : 1;
                }
                else
                {
                    falsePositives += flagged ? 1 : 0;
                    trueNegatives += flagged ? 0 : 1;
                }
            }
        }

        return (truePositives / (truePositives + (falseNegatives + falsePositives) / 2), falsePositives / (falsePositives + trueNegatives), falseNegatives / (falseNegatives + truePositives));
    }

    /// <summary>Point-wise average precision.</summary>
    public static double AveragePrecision(SensorRecording recording, SensorScores scores) => RankingMetrics.AveragePrecision(scores.Scores, recording.Labels);

    /// <summary>
    /// Hit@P (Su et al. 2019): measurements ranked by their largest part within a fault; the share of the guilty ones among the first
    /// ⌊P × their number⌋; mean over the faults.
    /// </summary>
    public static double Hit(SensorRecording recording, SensorScores scores, double p) => recording.Segments.Average(segment =>
    {
        var peaks = new double[recording.Measurements.Length];
        for (var r = segment.First; r < Math.Min(segment.End, scores.Blame.Length); r++)
        {
            for (var m = 0; m < peaks.Length; m++)
            {
                peaks[m] = Math.Max(peaks[m], scores.Blame[r][m]);
            }
        }

        var first = Enumerable.Range(0, peaks.Length).OrderByDescending(m => peaks[m]).Take((int)(p * segment.Guilty.Length)).ToHashSet();
        return segment.Guilty.Count(first.Contains) / (double)segment.Guilty.Length;
    });
}

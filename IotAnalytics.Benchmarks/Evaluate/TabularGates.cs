using IotAnalytics.Core.Modeling.Tabular;

namespace IotAnalytics.Benchmarks.Evaluate;

/// <summary>What a detector must reach beside scikit-learn's forest.</summary>
internal static class TabularGates
{
    private const double MeanGain = 0.012;
    private const double MeanGainGoal = 0.02;
    private const double LargestLoss = 0.02;
    private const double LargestLossGoal = 0.01;
    private const double SameAccuracy = 0.01;

    /// <summary>One line for each gate that is missed.</summary>
    public static IEnumerable<string> Missed(string detector, IReadOnlyList<(TabularBaseline Baseline, TabularScore Score)> results) => detector switch
    {
        _ when results.Count == 0 => [],
        TabularDetector.IsolationForest => results.SelectMany(r => BelowBaseline(r.Baseline, r.Score)),
        TabularDetector.Recommended => NotBetter(results),
        _ => [],
    };

    /// <summary>The plain forest is as accurate as scikit-learn's on every set, but for chance.</summary>
    private static IEnumerable<string> BelowBaseline(TabularBaseline baseline, TabularScore score)
    {
        if (score.RocAuc < baseline.RocAuc - SameAccuracy - score.RocAucError)
        {
            yield return FormattableString.Invariant($"{baseline.Set}: ROC-AUC {score.RocAuc:F3} is below {baseline.RocAuc:F3} by more than {SameAccuracy} and two standard errors");
        }

        if (score.AveragePrecision < baseline.AveragePrecision - SameAccuracy - score.AveragePrecisionError)
        {
            yield return FormattableString.Invariant($"{baseline.Set}: average precision {score.AveragePrecision:F3} is below {baseline.AveragePrecision:F3} by more than {SameAccuracy} and two standard errors");
        }
    }

    /// <summary>The recommended setting is better on average and nowhere much worse.</summary>
    private static IEnumerable<string> NotBetter(IReadOnlyList<(TabularBaseline Baseline, TabularScore Score)> results)
    {
        var gain = results.Average(r => r.Score.RocAuc - r.Baseline.RocAuc);
        if (gain < MeanGain)
        {
            yield return FormattableString.Invariant($"mean ROC-AUC gains {gain:F4}, less than {MeanGain} (goal {MeanGainGoal})");
        }

        foreach (var (baseline, score) in results.Where(r => r.Score.RocAuc < r.Baseline.RocAuc - LargestLoss))
        {
            yield return FormattableString.Invariant($"{baseline.Set}: ROC-AUC {score.RocAuc:F3} is below {baseline.RocAuc:F3} by more than {LargestLoss} (goal {LargestLossGoal})");
        }
    }
}

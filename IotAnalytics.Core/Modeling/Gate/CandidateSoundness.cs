using System.Collections.Immutable;
using System.Globalization;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>Contradictions between what a candidate says of itself, what it does, and the readings. They name what is wrong where the figures only show that something is.</summary>
internal static class CandidateSoundness
{
    private const double Edge = 0.01;
    private const int FewestRows = 100;

    public static ImmutableArray<string> Contradictions(ModelSnapshot candidate, ReplayedPeriod period) =>
        [.. MovedThreshold(candidate), .. ExchangedFeatures(candidate, period)];

    /// <summary>The threshold is a quantile of the reference scores that are in the file, so it can be checked there.</summary>
    private static IEnumerable<string> MovedThreshold(ModelSnapshot candidate)
    {
        if (candidate.Card.Threshold is not { Rule: ModelCardThreshold.AlarmRate, Rate: { } rate } || candidate.ReferenceScores.Length == 0)
        {
            yield break;
        }

        var above = candidate.ReferenceScores.Count(s => s > candidate.Threshold);
        var expected = rate * candidate.ReferenceScores.Length;
        // A threshold between two rows flags exactly that many; equal scores may take a few more or less.
        if (Math.Abs(above - expected) > Math.Max(2, expected / 2))
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"its threshold was moved: {candidate.Threshold:F4} flags {above} of its own {candidate.ReferenceScores.Length:N0} reference rows; by its card, an alarm rate of {rate:G3}, it is to flag {expected:F0}");
        }
    }

    /// <summary>A feature whose training median is foreign to its own readings but usual for another's.</summary>
    private static IEnumerable<string> ExchangedFeatures(ModelSnapshot candidate, ReplayedPeriod period)
    {
        var ranges = period.Features.Columns.Select(column =>
        {
            double[] present = [.. column.Where((v, r) => period.IsJudged[r] && !float.IsNaN(v)).Select(v => (double)v).Order()];
            return present.Length < FewestRows ? (Low: double.NegativeInfinity, High: double.PositiveInfinity) : (Low: Quantiles.Of(present, Edge), High: Quantiles.Of(present, 1 - Edge));
        }).ToArray();
        bool Fits(int median, int range) => candidate.FeatureMedians[median] >= ranges[range].Low && candidate.FeatureMedians[median] <= ranges[range].High;
        int[] strange = [.. Enumerable.Range(0, ranges.Length).Where(f => !Fits(f, f))];
        int[] exchanged = [.. strange.Where(f => strange.Any(g => g != f && Fits(f, g)))];
        if (exchanged.Length > 1)
        {
            yield return "its features were shuffled: " + string.Join(", ", exchanged.Select(f => string.Create(CultureInfo.InvariantCulture,
                $"the training median of {candidate.FeatureNames[f]} is {candidate.FeatureMedians[f]:G4}, the period's values lie in {ranges[f].Low:G4} to {ranges[f].High:G4}")))
                + ", and each would fit another of them";
        }
    }
}

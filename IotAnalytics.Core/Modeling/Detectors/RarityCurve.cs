namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>
/// Turns a detector's scores into how surprising they are: −ln of the rarity on reference scores, after the correction for several tests.
/// Piecewise linear between knots, so that close scores keep their order; beyond the largest reference score it goes on as an exponential tail would, where
/// a plain rarity would stop at 1 in n + 1. Immutable.
/// </summary>
internal sealed class RarityCurve
{
    public const int MaxKnots = 4_096;

    /// <summary>Ranks from the top grow by this factor from knot to knot: the whole tail, and enough of the body.</summary>
    private const double RankStep = 1.02;

    /// <summary>Largest reference scores that the tail is fitted to: 1 in 50 of them, within these bounds.</summary>
    private const int FewestTailScores = 10;
    private const int MostTailScores = 200;
    private const double LeastExcess = 1e-12;

    /// <param name="scores">Strictly ascending, at least one.</param>
    /// <param name="surprises">Of the scores, ascending, 0 or more.</param>
    /// <param name="tailSlope">Surprise per score beyond the last knot, 0 or more.</param>
    public RarityCurve(double[] scores, double[] surprises, double tailSlope)
    {
        Scores = scores;
        Surprises = surprises;
        TailSlope = tailSlope;
    }

    public double[] Scores { get; }
    public double[] Surprises { get; }
    public double TailSlope { get; }

    /// <param name="ascending">Reference scores, at least one.</param>
    /// <param name="tests">How many detectors are asked at once, m. The smallest of m rarities p is as rare as 1 − (1 − p)ᵐ (Šidák 1967): exact
    /// when they are independent, too cautious when they agree.</param>
    public static RarityCurve Fit(ReadOnlySpan<double> ascending, int tests)
    {
        var n = ascending.Length;
        var scores = new List<double>();
        var surprises = new List<double>();
        for (double rank = n; rank >= 1; rank = Math.Min(rank - 1, Math.Floor(rank / RankStep)))
        {
            var score = ascending[n - (int)rank];
            if (scores.Count == 0 || score > scores[^1])
            {
                scores.Add(score);
                surprises.Add(Surprise(Scoring.Rarity.Of(score, ascending), tests));
            }
        }

        var tail = Math.Clamp(n / 50, Math.Min(FewestTailScores, n), MostTailScores);
        var from = ascending[n - tail];
        double excess = 0;
        foreach (var score in ascending[(n - tail)..])
        {
            excess += (score - from) / tail;
        }

        return new RarityCurve([.. scores], [.. surprises], 1 / Math.Max(excess, LeastExcess));
    }

    /// <summary>0 where nothing is remarkable; ln 1000 at 1 in 1,000.</summary>
    public double Surprise(double score)
    {
        var scores = Scores;
        int low = 0, high = scores.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (scores[middle] <= score)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == scores.Length)
        {
            return Surprises[^1] + (score - scores[^1]) * TailSlope;
        }

        if (low == 0)
        {
            return Surprises[0];
        }

        var part = (score - scores[low - 1]) / (scores[low] - scores[low - 1]);
        return Surprises[low - 1] + part * (Surprises[low] - Surprises[low - 1]);
    }

    private static double Surprise(double rarity, int tests) => -Math.Log(1 - Math.Pow(1 - rarity, tests));
}

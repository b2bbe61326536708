namespace IotAnalytics.Core.Modeling.Shadows;

/// <summary>
/// What an A/B split can tell: two precisions as two independent shares, two-sided at 5 % (J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, 3rd ed.,
/// 2003, §4.2, without continuity correction).
/// </summary>
internal static class SplitPower
{
    /// <summary>The precisions to be told apart.</summary>
    public const double From = 0.5, To = 0.6;

    /// <summary>Verdicts in each arm that tell <see cref="From"/> from <see cref="To"/> in four of five experiments.</summary>
    public static long NeededPerArm { get; } = (long)Math.Ceiling(Math.Pow(
        ((NormalDistribution.TwoSided95 * Math.Sqrt(2 * Mean * (1 - Mean))) + (NormalDistribution.Upper80 * Math.Sqrt((From * (1 - From)) + (To * (1 - To))))) / (To - From), 2));

    private static double Mean => (From + To) / 2;

    /// <summary>The chance that these many verdicts tell them apart; 0 while an arm has none.</summary>
    public static double Of(long one, long other)
    {
        if (one == 0 || other == 0)
        {
            return 0;
        }

        var equal = Math.Sqrt(Mean * (1 - Mean) * ((1.0 / one) + (1.0 / other)));
        var different = Math.Sqrt((From * (1 - From) / one) + (To * (1 - To) / other));
        return NormalDistribution.Above(((NormalDistribution.TwoSided95 * equal) - (To - From)) / different);
    }
}

namespace IotAnalytics.Core.Modeling.Shadows;

/// <summary>The standard normal distribution.</summary>
internal static class NormalDistribution
{
    /// <summary>Exceeded, on either side, by 5 %.</summary>
    public const double TwoSided95 = 1.959963984540054;

    /// <summary>Exceeded by 20 %.</summary>
    public const double Upper80 = 0.8416212335729143;

    // The complementary error function by Chebyshev fitting: W. H. Press et al., Numerical Recipes in C, 2nd ed., 1992, §6.2.
    private static readonly double[] Fit =
        [0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223];

    /// <summary>Probability of a value above <paramref name="z"/>; within 1.2e-7 of itself, also far out.</summary>
    public static double Above(double z)
    {
        var x = Math.Abs(z) / Math.Sqrt(2);
        var (t, exponent) = (1 / (1 + (0.5 * x)), 0.0);
        foreach (var coefficient in Fit)
        {
            exponent = (exponent * t) + coefficient;
        }

        var tail = 0.5 * t * Math.Exp(exponent - (x * x));
        return z >= 0 ? tail : 1 - tail;
    }
}

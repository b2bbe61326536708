using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>The percentile interval of a mean of paired differences (Efron and Tibshirani 1993, §13.3): drawn with replacement, the pairs stay together.</summary>
internal static class PairedBootstrap
{
    public const int Draws = 2_000;
    private const long Stream = -12;

    /// <param name="differences">One per thing that was measured twice; at least one.</param>
    public static (double Low, double High) Interval(double[] differences, double confidence, long seed)
    {
        var random = new Xoshiro256(seed, Stream);
        var means = new double[Draws];
        for (var d = 0; d < Draws; d++)
        {
            double sum = 0;
            for (var i = 0; i < differences.Length; i++)
            {
                sum += differences[random.NextBelow(differences.Length)];
            }

            means[d] = sum / differences.Length;
        }

        Array.Sort(means);
        return (Quantiles.Of(means, (1 - confidence) / 2), Quantiles.Of(means, (1 + confidence) / 2));
    }
}

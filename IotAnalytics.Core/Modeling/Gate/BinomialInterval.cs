namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>The exact interval of a share that was counted (Clopper and Pearson 1934): it covers the true share at least as often as it says, however few were counted.</summary>
internal static class BinomialInterval
{
    private const int Halvings = 100;
    private const int MaxTerms = 500;
    private const double Tiny = 1e-300;

    /// <param name="count">0 to <paramref name="of"/>.</param>
    /// <param name="of">At least 1.</param>
    /// <param name="confidence">For example 0.99.</param>
    public static (double Low, double High) Of(long count, long of, double confidence)
    {
        var tail = (1 - confidence) / 2;
        return (
            count == 0 ? 0 : BetaQuantile(tail, count, of - count + 1),
            count == of ? 1 : BetaQuantile(1 - tail, count + 1, of - count));
    }

    private static double BetaQuantile(double share, double a, double b)
    {
        double low = 0, high = 1;
        for (var i = 0; i < Halvings && high - low > 1e-15 * high; i++)
        {
            var middle = (low + high) / 2;
            if (IncompleteBeta(middle, a, b) < share)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return (low + high) / 2;
    }

    /// <summary>The regularised incomplete beta function by its continued fraction (DLMF 8.17.22), evaluated by Lentz's method.</summary>
    private static double IncompleteBeta(double x, double a, double b)
    {
        // The fraction converges fast on this side of the mean only.
        if (x > (a + 1) / (a + b + 2))
        {
            return 1 - IncompleteBeta(1 - x, b, a);
        }

        var front = Math.Exp(a * Math.Log(x) + b * Math.Log(1 - x) + LogGamma(a + b) - LogGamma(a) - LogGamma(b)) / a;
        double c = 1, d = 1 / NotZero(1 - (a + b) * x / (a + 1)), fraction = d;
        for (var m = 1; m <= MaxTerms; m++)
        {
            var even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / NotZero(1 + even * d);
            c = NotZero(1 + even / c);
            fraction *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / NotZero(1 + odd * d);
            c = NotZero(1 + odd / c);
            fraction *= d * c;
            if (Math.Abs(d * c - 1) < 1e-14)
            {
                break;
            }
        }

        return front * fraction;
    }

    private static double NotZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;

    /// <summary>Stirling's series (DLMF 5.11.1) from 10 on; smaller ones are carried there.</summary>
    private static double LogGamma(double x)
    {
        double carried = 0;
        for (; x < 10; x++)
        {
            carried += Math.Log(x);
        }

        var square = 1 / (x * x);
        return (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI)
            + (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680))) / x - carried;
    }
}

namespace IotAnalytics.Core.Modeling.Shadows;

/// <summary>
/// McNemar's test in its exact form: of the cases on which two models differ, is it as often the one as the other? (Q. McNemar, Note on the sampling error of the difference between
/// correlated proportions or percentages, Psychometrika 12, 1947; the binomial form is the sign test.) It takes the cases as independent.
/// </summary>
internal static class SignTest
{
    private const long MostExact = 1_000;

    /// <summary>Two-sided p-value; 1 when there is no case. Exact up to 1,000 cases, beyond that the normal approximation with continuity correction.</summary>
    public static double PValue(long one, long other)
    {
        var (cases, fewer) = (one + other, Math.Min(one, other));
        if (cases > MostExact)
        {
            return Math.Min(1, 2 * NormalDistribution.Above(Math.Max(0, Math.Abs(one - other) - 1) / Math.Sqrt(cases)));
        }

        var (term, sum) = (Math.Pow(0.5, cases), 0.0);
        for (long k = 0; k <= fewer; k++)
        {
            sum += term;
            term *= (double)(cases - k) / (k + 1);
        }

        return Math.Min(1, 2 * sum);
    }
}

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>
/// Scores as they would be if scores were standard normal: the rank among reference scores through the inverse of the normal distribution (van der Waerden
/// 1952). Whatever a detector's scores look like, rows like the reference give 0 ± 1.
/// </summary>
internal static class NormalScores
{
    /// <param name="ascendingReference">Scores of rows that did not grow the model.</param>
    public static double Of(double score, double[] ascendingReference)
    {
        // Equal scores share the middle of their ranks.
        var below = LowerBound(ascendingReference, score, orEqual: false);
        var upTo = LowerBound(ascendingReference, score, orEqual: true);
        return Inverse((below + (upTo - below) / 2.0 + 0.5) / (ascendingReference.Length + 1));
    }

    /// <summary>The inverse of the standard normal distribution by Acklam's rational approximation, relative error below 1.2e-9.</summary>
    /// <param name="p">Above 0 and below 1.</param>
    public static double Inverse(double p)
    {
        const double Tail = 0.02425;
        if (p > 1 - Tail)
        {
            return -Inverse(1 - p);
        }

        if (p < Tail)
        {
            var q = Math.Sqrt(-2 * Math.Log(p));
            return (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783)
                / ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1);
        }

        var c = p - 0.5;
        var r = c * c;
        return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r + 1.383577518672690e+02) * r - 3.066479806614716e+01) * r + 2.506628277459239) * c
            / (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r + 6.680131188771972e+01) * r - 1.328068155288572e+01) * r + 1);
    }

    /// <summary>How many are below the score, or at it too.</summary>
    private static int LowerBound(double[] ascending, double score, bool orEqual)
    {
        int low = 0, high = ascending.Length;
        while (low < high)
        {
            var middle = (int)((uint)(low + high) / 2);
            if (ascending[middle] < score || (orEqual && ascending[middle] <= score))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>Where to cut scores.</summary>
internal static class Thresholds
{
    /// <summary>scikit-learn's <c>auto</c>: the score of a row whose mean path is that of an average search.</summary>
    public const double AverageRow = 0.5;

    /// <summary>Reference rows needed for each row that is expected to be flagged.</summary>
    private const int RowsPerExpectedAlarm = 10;

    /// <summary>
    /// Midway between the k-th and the (k+1)-th largest training score, k = round(contamination × n): with distinct scores exactly k training
    /// rows are above. With k = 0 the largest score itself.
    /// </summary>
    /// <param name="contamination">Share of anomalies, above 0 and at most 0.5.</param>
    public static double ByContamination(ReadOnlySpan<double> trainingScores, double contamination)
    {
        var ascending = trainingScores.ToArray();
        Array.Sort(ascending);
        return Cut(ascending, (int)Math.Round(contamination * ascending.Length, MidpointRounding.AwayFromZero));
    }

    /// <summary>The quantile of reference scores above which at most <paramref name="rate"/> of them lie.</summary>
    /// <param name="ascendingReference">Scores of rows that did not grow the trees.</param>
    /// <exception cref="TrainingException">Fewer than 10 / rate rows: the quantile would be chance.</exception>
    public static double ByAlarmRate(ReadOnlySpan<double> ascendingReference, double rate)
    {
        if (!IsEnough(ascendingReference.Length, rate))
        {
            throw new TrainingException(FormattableString.Invariant(
                $"An alarm rate of {rate} needs at least {RowsNeeded(rate):F0} reference rows (10 / rate); there are {ascendingReference.Length}."));
        }

        return Cut(ascendingReference, (int)(rate * ascendingReference.Length));
    }

    /// <summary>Reference rows without which a quantile at this rate is chance.</summary>
    public static double RowsNeeded(double rate) => Math.Ceiling(RowsPerExpectedAlarm / rate * (1 - 1e-9));

    /// <summary>Whether a quantile at this rate means something.</summary>
    public static bool IsEnough(int referenceRows, double rate) => referenceRows * rate >= RowsPerExpectedAlarm * (1 - 1e-9);

    private static double Cut(ReadOnlySpan<double> ascending, int above) => above == 0
        ? ascending[^1]
        : (ascending[^above] + ascending[Math.Max(0, ascending.Length - above - 1)]) / 2;
}

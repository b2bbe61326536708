namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>The threshold between two neighbouring values that gains most.</summary>
internal static class SplitSearch
{
    /// <param name="values">At least two different values; sorted afterwards.</param>
    /// <returns>At least the smallest value and below the largest.</returns>
    public static double Best(Span<double> values, SplitCriterion criterion)
    {
        values.Sort();
        var n = values.Length;
        // Sums from the middle value on: the squares of large values with a small spread would cancel.
        var origin = values[n / 2];
        double total = 0, totalSquares = 0;
        foreach (var value in values)
        {
            var v = value - origin;
            total += v;
            totalSquares += v * v;
        }

        double sum = 0, squares = 0, least = double.PositiveInfinity;
        var threshold = values[0];
        for (var i = 0; i < n - 1; i++)
        {
            var v = values[i] - origin;
            sum += v;
            squares += v * v;
            if (!(values[i] < values[i + 1]))
            {
                continue;
            }

            int left = i + 1, right = n - left;
            var leftDeviation = Deviation(sum, squares, left);
            var rightDeviation = Deviation(total - sum, totalSquares - squares, right);
            // The gain is 1 less this over a constant: the smallest gains most.
            var spread = criterion == SplitCriterion.AveragedGain
                ? leftDeviation + rightDeviation
                : left * leftDeviation + right * rightDeviation;
            if (spread < least)
            {
                least = spread;
                var middle = values[i] + (values[i + 1] - values[i]) / 2;
                threshold = middle < values[i + 1] ? middle : values[i];
            }
        }

        return threshold;
    }

    private static double Deviation(double sum, double squares, int count)
    {
        var mean = sum / count;
        return Math.Sqrt(Math.Max(0, squares / count - mean * mean));
    }
}

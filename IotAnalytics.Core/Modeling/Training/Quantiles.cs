namespace IotAnalytics.Core.Modeling.Training;

/// <summary>Order statistics of small samples.</summary>
internal static class Quantiles
{
    /// <summary>Linear interpolation between the two nearest values, as R's type 7 and NumPy's default.</summary>
    /// <param name="ascending">At least one value, no NaN.</param>
    /// <param name="share">0 = smallest, 1 = largest.</param>
    public static double Of(ReadOnlySpan<double> ascending, double share)
    {
        var position = share * (ascending.Length - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, ascending.Length - 1);
        return ascending[below] + (position - below) * (ascending[above] - ascending[below]);
    }

    /// <summary>The median of the values that are not NaN; 0 when there is none.</summary>
    public static float Median(ReadOnlySpan<float> values)
    {
        var present = new float[values.Length];
        var count = 0;
        foreach (var value in values)
        {
            if (!float.IsNaN(value))
            {
                present[count++] = value;
            }
        }

        if (count == 0)
        {
            return 0;
        }

        Array.Sort(present, 0, count);
        return (float)(((double)present[(count - 1) / 2] + present[count / 2]) / 2);
    }
}

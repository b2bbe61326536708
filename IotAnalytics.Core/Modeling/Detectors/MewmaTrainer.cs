using IotAnalytics.Core.Modeling.Training;
using MathNet.Numerics.LinearAlgebra;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>Fits <see cref="MewmaDetector"/>: scales, a shrunken correlation and the control limit, all from one pass over rows in which faults are rare.</summary>
internal static class MewmaTrainer
{
    /// <summary>How far the correlations are shrunk towards none (as Ledoit, Wolf 2004 do; fixed, so that short references do not decide it).</summary>
    private const double Shrinkage = 0.3;

    /// <summary>The scale of a watched feature is this quantile of its size: what it reaches when all is well, slow drifts included.</summary>
    private const double ScaleQuantile = 0.99;

    private const float SmallestScale = 0.01f;

    /// <summary>The limit is the largest T² of the rows times this, 2²: readings that follow one another are few independent ones, and their largest is no bound.</summary>
    private const double LimitFactor = 4;

    /// <param name="table">The watched features first, then <paramref name="telling"/> that only tell which measurement it is. No NaN.</param>
    /// <param name="telling">At least 0, fewer than the features.</param>
    /// <exception cref="TrainingException">Too few rows.</exception>
    public static MewmaDetector Fit(FeatureTable table, int telling)
    {
        if (table.Rows < 2)
        {
            throw new TrainingException($"A MEWMA chart needs at least 2 rows with a history of 200 before them; there are {table.Rows}.");
        }

        var watched = table.Columns.Length - telling;
        float[] scales =
        [
            .. table.Columns.Take(watched).Select(c => Math.Max(QuantileOfSize(c.AsSpan(0, table.Rows)), SmallestScale)),
            .. TellingScales(table, watched),
        ];
        float[] precision = [.. Precision(table, scales, watched).Select(p => (float)p)];
        var unlimited = new MewmaDetector(scales, precision, limit: 1);
        var largest = table.Score(unlimited).Max();

        // With a limit of 1 the score is T² / (T² + 1).
        var limit = largest > 0 ? LimitFactor * largest / (1 - largest) : 1;
        return new MewmaDetector(scales, precision, limit);
    }

    private static double[] Precision(FeatureTable table, float[] scales, int watched)
    {
        var z = Matrix<double>.Build.Dense(table.Rows, watched, (r, f) =>
            Math.Clamp(table.Columns[f][r] / scales[f], -MewmaDetector.Largest, MewmaDetector.Largest));
        var means = z.ColumnSums() / table.Rows;
        for (var f = 0; f < watched; f++)
        {
            z.SetColumn(f, z.Column(f) - means[f]);
        }

        var covariance = z.TransposeThisAndMultiply(z) / (table.Rows - 1);
        var sizes = covariance.Diagonal().Map(v => Math.Sqrt(Math.Max(v, 1e-12)));
        var correlation = Matrix<double>.Build.Dense(watched, watched, (i, j) =>
            i == j ? 1 : (1 - Shrinkage) * covariance[i, j] / (sizes[i] * sizes[j]));
        return correlation.Inverse().ToRowMajorArray();
    }

    /// <summary>Standard deviations. What never moved in training counts as the stillest of the others: it is the first suspect when it moves.</summary>
    private static IEnumerable<float> TellingScales(FeatureTable table, int watched)
    {
        float[] deviations = [.. table.Columns.Skip(watched).Select(c => StandardDeviation(c.AsSpan(0, table.Rows)))];
        var smallest = deviations.Where(d => d > 0).DefaultIfEmpty(1).Min();
        return deviations.Select(d => d > 0 ? d : smallest);
    }

    private static float QuantileOfSize(ReadOnlySpan<float> values)
    {
        var sizes = new double[values.Length];
        for (var r = 0; r < sizes.Length; r++)
        {
            sizes[r] = Math.Abs(values[r]);
        }

        Array.Sort(sizes);
        return (float)Quantiles.Of(sizes, ScaleQuantile);
    }

    private static float StandardDeviation(ReadOnlySpan<float> values)
    {
        double sum = 0;
        double squares = 0;
        foreach (var value in values)
        {
            sum += value;
            squares += (double)value * value;
        }

        return (float)Math.Sqrt(Math.Max(squares / values.Length - sum / values.Length * (sum / values.Length), 0));
    }
}

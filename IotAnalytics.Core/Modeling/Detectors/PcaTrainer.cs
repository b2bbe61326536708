using IotAnalytics.Core.Modeling.Training;
using MathNet.Numerics.LinearAlgebra;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>Fits <see cref="PcaDetector"/>.</summary>
internal static class PcaTrainer
{
    /// <summary>As many components as carry this share of the variance (Jackson 1991, section 2.8), but never all of them: Q needs a rest.</summary>
    private const double ExplainedVariance = 0.9;

    /// <summary>The limits are this quantile of the rows' own T² and Q: a few of any training rows are faults.</summary>
    private const double LimitQuantile = 0.99;

    private const double Tiny = 1e-9;

    /// <param name="table">No NaN.</param>
    /// <exception cref="TrainingException">Too few rows, or nothing varies.</exception>
    public static PcaDetector Fit(FeatureTable table)
    {
        var features = table.Columns.Length;
        if (table.Rows < 2)
        {
            throw new TrainingException($"Principal components need at least 2 rows; there are {table.Rows}.");
        }

        var z = Matrix<double>.Build.Dense(table.Rows, features, (r, f) => table.Columns[f][r]);
        var means = z.ColumnSums() / table.Rows;
        var scales = new double[features];
        for (var f = 0; f < features; f++)
        {
            var column = z.Column(f) - means[f];
            var deviation = Math.Sqrt(column.DotProduct(column) / (table.Rows - 1));

            // A constant column says nothing while it stays constant, and much when it does not.
            scales[f] = deviation > Tiny * (1 + Math.Abs(means[f])) ? deviation : 1;
            z.SetColumn(f, column / scales[f]);
        }

        var decomposition = (z.TransposeThisAndMultiply(z) / (table.Rows - 1)).Evd(Symmetricity.Symmetric);
        var variances = decomposition.EigenValues.Select(v => Math.Max(v.Real, 0)).Reverse().ToArray();
        var components = Components(variances);
        var loadings = new float[components * features];
        for (var c = 0; c < components; c++)
        {
            var vector = decomposition.EigenVectors.Column(features - 1 - c);
            for (var f = 0; f < features; f++)
            {
                loadings[c * features + f] = (float)vector[f];
            }
        }

        float[] meanValues = [.. means.Select(m => (float)m)];
        float[] scaleValues = [.. scales.Select(s => (float)s)];
        float[] kept = [.. variances.Take(components).Select(v => (float)Math.Max(v, Tiny))];
        var unlimited = new PcaDetector(meanValues, scaleValues, loadings, kept, 1, 1);
        var statistics = Enumerable.Range(0, table.Rows).Select(r => unlimited.Statistics(z.Row(r).AsArray() ?? z.Row(r).ToArray())).ToArray();
        return new PcaDetector(
            meanValues, scaleValues, loadings, kept, Limit(statistics.Select(s => s.T2)), Limit(statistics.Select(s => s.Q)));
    }

    private static int Components(double[] variances)
    {
        var total = variances.Sum();
        if (!(total > 0))
        {
            throw new TrainingException("Principal components need a column that varies; all are constant.");
        }

        double sum = 0;
        var components = 0;
        while (components < variances.Length && sum < ExplainedVariance * total)
        {
            sum += variances[components++];
        }

        return Math.Max(1, Math.Min(components, variances.Length - 1));
    }

    private static double Limit(IEnumerable<double> statistics) => Math.Max(Quantiles.Of(statistics.Order().ToArray(), LimitQuantile), Tiny);
}

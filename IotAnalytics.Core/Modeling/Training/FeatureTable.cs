using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>Rows of features as columns, as trainers and detectors take them.</summary>
internal sealed class FeatureTable
{
    public FeatureTable(int features, int rows)
    {
        Rows = rows;
        Columns = new float[features][];
        for (var f = 0; f < features; f++)
        {
            Columns[f] = new float[rows];
        }
    }

    public int Rows { get; }
    public float[][] Columns { get; }

    /// <summary>Computes the features of rows of measurements.</summary>
    public static FeatureTable Of(double[][] measurements, int features, FeatureFunction compute)
    {
        var table = new FeatureTable(features, measurements.Length);
        var row = new float[features];
        for (var r = 0; r < measurements.Length; r++)
        {
            compute(measurements[r], row);
            for (var f = 0; f < features; f++)
            {
                table.Columns[f][r] = row[f];
            }
        }

        return table;
    }

    /// <summary>The median of each column.</summary>
    public float[] Medians() => [.. Columns.Select(c => Quantiles.Median(c.AsSpan(0, Rows)))];

    /// <summary>Puts <paramref name="medians"/> where a value is missing.</summary>
    public void Impute(float[] medians)
    {
        for (var f = 0; f < Columns.Length; f++)
        {
            Columns[f].AsSpan().Replace(float.NaN, medians[f]);
        }
    }

    /// <summary>Scores all rows.</summary>
    public double[] Score(IAnomalyDetector detector)
    {
        var scores = new double[Rows];
        detector.Score(Columns, Rows, scores);
        return scores;
    }
}

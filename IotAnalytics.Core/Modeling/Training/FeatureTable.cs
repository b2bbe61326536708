using IotAnalytics.Core.Readings.Features;
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

    private FeatureTable(float[][] columns, int rows)
    {
        Columns = columns;
        Rows = rows;
    }

    public int Rows { get; }
    public float[][] Columns { get; }

    /// <summary>Computes the features of the readings of one sensor, one after the other.</summary>
    public static FeatureTable Of(double[][] measurements, FeatureSet features)
    {
        var table = new FeatureTable(features.Count, measurements.Length);
        var row = new float[features.Count];
        var state = new double[features.StateSlots];
        for (var r = 0; r < measurements.Length; r++)
        {
            features.Compute(measurements[r], state, row);
            for (var f = 0; f < row.Length; f++)
            {
                table.Columns[f][r] = row[f];
            }
        }

        return table;
    }

    /// <summary>Some columns; not copied.</summary>
    public FeatureTable Select(IReadOnlyList<int> columns) => new([.. columns.Select(c => Columns[c])], Rows);

    /// <summary>Some rows that follow one another, copied.</summary>
    public FeatureTable Slice(int first, int rows)
    {
        var table = new FeatureTable(Columns.Length, rows);
        for (var f = 0; f < Columns.Length; f++)
        {
            Columns[f].AsSpan(first, rows).CopyTo(table.Columns[f]);
        }

        return table;
    }

    /// <summary>The rows of one table, then those of the other.</summary>
    public static FeatureTable Concat(FeatureTable first, FeatureTable second)
    {
        var table = new FeatureTable(first.Columns.Length, first.Rows + second.Rows);
        for (var f = 0; f < table.Columns.Length; f++)
        {
            first.Columns[f].AsSpan(0, first.Rows).CopyTo(table.Columns[f]);
            second.Columns[f].AsSpan(0, second.Rows).CopyTo(table.Columns[f].AsSpan(first.Rows));
        }

        return table;
    }

    /// <summary>The first row without a missing value, or <see cref="Rows"/>: features of a history are missing at first.</summary>
    public int FirstCompleteRow()
    {
        for (var r = 0; r < Rows; r++)
        {
            if (Array.TrueForAll(Columns, c => !float.IsNaN(c[r])))
            {
                return r;
            }
        }

        return Rows;
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

using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>
/// The population stability index, Σ (aᵢ − eᵢ) ln(aᵢ / eᵢ) over bins between the deciles of a reference (Siddiqi 2006, chapter 9: below 0.1 nothing has
/// changed, above 0.25 much has). Without drift it is (1/n + 1/m) times a χ² of bins − 1 degrees of freedom (Yurdakul and Naranjo 2020): with 5,000 rows
/// about 0.002, so that what the limit keeps out is not chance but ordinary change.
/// </summary>
internal static class StabilityIndex
{
    /// <summary>Bins, when no two deciles are equal.</summary>
    public const int Bins = 10;

    /// <summary>Above it a day has drifted.</summary>
    public const double Limit = 0.2;

    /// <summary>An empty bin counts as half a row: the logarithm of none is not finite.</summary>
    private const double Empty = 0.5;

    /// <summary>The bins of a reference, or null when it has fewer than 100 values.</summary>
    /// <param name="values">NaN is left out.</param>
    public static ModelCardBins? BinsOf(IEnumerable<double> values)
    {
        double[] ascending = [.. values.Where(v => !double.IsNaN(v)).Order()];
        if (ascending.Length < Bins * 10)
        {
            return null;
        }

        // A feature with few distinct values has fewer bins, so each bin's own share is kept.
        double[] edges = [.. Enumerable.Range(1, Bins - 1).Select(i => Quantiles.Of(ascending, (double)i / Bins)).Distinct().Where(e => e < ascending[^1])];
        return new ModelCardBins([.. edges], [.. Counts(edges, ascending).Select(c => (double)c / ascending.Length)]);
    }

    /// <summary>The index of a sample, NaN left out; NaN when it is empty.</summary>
    public static double Of(ModelCardBins reference, ReadOnlySpan<double> sample)
    {
        var counts = Counts([.. reference.Edges], sample);
        var rows = counts.Sum();
        if (rows == 0)
        {
            return double.NaN;
        }

        double sum = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            var actual = Math.Max(counts[i], Empty) / rows;
            var expected = Math.Max(reference.Shares[i], Empty / rows);
            sum += (actual - expected) * Math.Log(actual / expected);
        }

        return sum;
    }

    /// <summary>Values up to and with an edge belong to the bin below it.</summary>
    private static int[] Counts(double[] edges, ReadOnlySpan<double> values)
    {
        var counts = new int[edges.Length + 1];
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                var at = Array.BinarySearch(edges, value);
                counts[at < 0 ? ~at : at]++;
            }
        }

        return counts;
    }
}

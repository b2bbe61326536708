namespace IotAnalytics.Core.Scoring;

/// <summary>How rare a score is among reference rows that did not grow the model: a p-value that is never 0.</summary>
internal static class Rarity
{
    /// <summary>(1 + number of reference scores at or above <paramref name="score"/>) / (n + 1).</summary>
    /// <param name="ascending">The reference scores, ascending.</param>
    public static double Of(double score, ReadOnlySpan<double> ascending)
    {
        int low = 0, high = ascending.Length;
        while (low < high)
        {
            var middle = (int)((uint)(low + high) / 2);
            if (ascending[middle] < score)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return (1.0 + ascending.Length - low) / (ascending.Length + 1.0);
    }
}

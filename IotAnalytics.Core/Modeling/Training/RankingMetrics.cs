namespace IotAnalytics.Core.Modeling.Training;

/// <summary>How well scores rank labelled anomalies before the rest. Equal scores count as one place.</summary>
internal static class RankingMetrics
{
    /// <summary>Area under the ROC curve: the chance that an anomaly scores above a normal row, ties counting half (Mann-Whitney). NaN without both kinds.</summary>
    public static double RocAuc(double[] scores, bool[] isAnomaly)
    {
        double anomalies = 0, below = 0, area = 0;
        foreach (var (hits, others) in Places(scores, isAnomaly))
        {
            // From the lowest place up: every anomaly here beats the normal rows below it.
            area += hits * (below + others / 2.0);
            below += others;
            anomalies += hits;
        }

        return area / (anomalies * below);
    }

    /// <summary>Average precision, Σ (Rₙ − Rₙ₋₁) Pₙ over the places from the highest score down, as scikit-learn computes it. NaN without anomalies.</summary>
    public static double AveragePrecision(double[] scores, bool[] isAnomaly)
    {
        double found = 0, seen = 0, sum = 0;
        foreach (var (hits, others) in Enumerable.Reverse(Places(scores, isAnomaly)))
        {
            found += hits;
            seen += hits + others;
            sum += hits * (found / seen);
        }

        return sum / found;
    }

    /// <summary>Anomalies and normal rows of each distinct score, ascending.</summary>
    private static List<(int Anomalies, int Others)> Places(double[] scores, bool[] isAnomaly)
    {
        var keys = (double[])scores.Clone();
        var labels = (bool[])isAnomaly.Clone();
        Array.Sort(keys, labels);
        var places = new List<(int Anomalies, int Others)>();
        for (var i = 0; i < keys.Length;)
        {
            var score = keys[i];
            int hits = 0, others = 0;
            for (; i < keys.Length && keys[i] == score; i++)
            {
                hits += labels[i] ? 1 : 0;
                others += labels[i] ? 0 : 1;
            }

            places.Add((hits, others));
        }

        return places;
    }
}

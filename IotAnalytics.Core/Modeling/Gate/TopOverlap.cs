namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>How far two models agree on which rows are the strangest.</summary>
/// <param name="Rows">How many of the highest scores are compared: one in a thousand of the judged rows, at least 10.</param>
/// <param name="Jaccard">Rows among both models' highest / rows among either's.</param>
internal sealed record TopOverlap(int Rows, int Common, double Jaccard)
{
    public const double Share = 0.001;
    public const int FewestRows = 10;

    public static TopOverlap Of(ReplayedPeriod period, double[] candidate, double[] champion)
    {
        int[] judged = [.. Enumerable.Range(0, candidate.Length).Where(r => period.IsJudged[r] && !double.IsNaN(candidate[r]) && !double.IsNaN(champion[r]))];
        var top = Math.Min(judged.Length, Math.Max(FewestRows, (int)Math.Ceiling(judged.Length * Share)));
        var common = Top(judged, candidate, top).Intersect(Top(judged, champion, top)).Count();
        return new TopOverlap(top, common, top == 0 ? 1 : (double)common / (2 * top - common));
    }

    private static IEnumerable<int> Top(int[] rows, double[] scores, int count) => rows.OrderByDescending(r => scores[r]).ThenBy(r => r).Take(count);
}

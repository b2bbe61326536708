namespace IotAnalytics.Core.Scoring;

/// <summary>How far a score is above its model's threshold, as a word. The words are stored: they may only grow.</summary>
internal static class Severity
{
    public const string Low = "low";
    public const string Medium = "medium";
    public const string High = "high";
    public const string Critical = "critical";

    /// <summary>Low below 1.1 times the threshold, medium below 1.2, high below 1.3, critical from there on.</summary>
    public static string Of(double score, double threshold) => (score / threshold) switch
    {
        >= 1.3 => Critical,
        >= 1.2 => High,
        >= 1.1 => Medium,
        _ => Low,
    };
}

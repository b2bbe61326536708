namespace IotAnalytics.Core.Pipeline;

/// <summary>How often roll-ups go to the database: every second while that is cheap, less often the longer a flush takes, so that upserts
/// never take more than about a twentieth of the time; within the minute in any case.</summary>
internal static class RollupPacing
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Cells held in memory at most, about 100 bytes each.</summary>
    public const int MostCells = 200_000;

    /// <summary>The interval after a flush that took this long.</summary>
    public static TimeSpan After(TimeSpan flush)
    {
        var interval = flush * 20;
        return interval < Shortest ? Shortest : interval > Longest ? Longest : interval;
    }
}

namespace IotAnalytics.Core.Pipeline;

/// <summary>How often the sinks go to the database while records are at hand: the longer a flush takes, the less often.</summary>
internal static class SinkPacing
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Cells held in memory at most, about 100 bytes each.</summary>
    public const int MostCells = 200_000;

    private static readonly TimeSpan LongestFastRest = TimeSpan.FromMilliseconds(250);

    /// <summary>The rest after a T1 that took this long: it has at most about a fifth of a partition's time, and never waits for more than 250 ms.</summary>
    public static TimeSpan RestAfterFast(TimeSpan flush) => flush * 4 < LongestFastRest ? flush * 4 : LongestFastRest;

    /// <summary>The interval after a roll-up that took this long: every second while that is cheap, so that upserts never take more than about a
    /// twentieth of the time; within the minute in any case.</summary>
    public static TimeSpan After(TimeSpan flush)
    {
        var interval = flush * 20;
        return interval < Shortest ? Shortest : interval > Longest ? Longest : interval;
    }
}

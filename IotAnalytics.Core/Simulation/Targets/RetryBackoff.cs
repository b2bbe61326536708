namespace IotAnalytics.Core.Simulation.Targets;

/// <summary>Waits between the attempts of one body: what the host asks for, else 100 ms doubled up to 5 s, less up to a fifth at random.</summary>
internal sealed class RetryBackoff(TimeProvider time, long jitterSeed)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(1);

    private readonly long _started = time.GetTimestamp();
    private SeededStream _jitter = new(jitterSeed, 0);
    private int _failures;

    /// <summary>Since the first attempt began.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    /// <param name="asked">The host's Retry-After, or null. At most a minute is granted.</param>
    public TimeSpan Next(TimeSpan? asked)
    {
        var grown = TimeSpan.FromTicks(Math.Min(Longest.Ticks, Shortest.Ticks << Math.Min(_failures++, 10)));
        return asked is { } wanted
            ? TimeSpan.FromTicks(Math.Clamp(wanted.Ticks, Shortest.Ticks, LongestAsked.Ticks))
            : grown * (1 - 0.2 * _jitter.NextUniform());
    }
}

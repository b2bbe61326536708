using System.Collections.Concurrent;

namespace IotAnalytics.Tests.Simulation.Targets;

/// <summary>A clock whose waits of less than 25 s end at once, moving it forward; longer ones, the timeouts, never end.</summary>
internal sealed class SkippingTime(DateTimeOffset start) : TimeProvider
{
    private static readonly TimeSpan Timeouts = TimeSpan.FromSeconds(25);
    private readonly ConcurrentQueue<TimeSpan> _waits = new();
    private long _elapsed;

    /// <summary>The waits that were asked for.</summary>
    public IReadOnlyList<TimeSpan> Waits => [.. _waits];

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _elapsed);

    public override DateTimeOffset GetUtcNow() => start.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime >= TimeSpan.Zero && dueTime < Timeouts)
        {
            _waits.Enqueue(dueTime);
            Interlocked.Add(ref _elapsed, dueTime.Ticks);
            return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>A stretch of event time, Unix ms.</summary>
/// <param name="FromMs">Inclusive.</param>
/// <param name="ToMs">Exclusive.</param>
internal readonly record struct TimeBlock(long FromMs, long ToMs)
{
    public static TimeBlock All { get; } = new(long.MinValue, long.MaxValue);

    public bool Holds(long eventMs) => eventMs >= FromMs && eventMs < ToMs;
}

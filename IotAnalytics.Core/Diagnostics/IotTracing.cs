using System.Diagnostics;

namespace IotAnalytics.Core.Diagnostics;

/// <summary>Spans: one for each micro-batch, commit, cut and publication. Never a sensor id or a value as a tag. Costs nothing while nobody listens.</summary>
public static class IotTracing
{
    public const string Name = "IotAnalytics";

    public static ActivitySource Source { get; } = new(Name);

    /// <summary>A span of a partition's work, or null when nobody listens or it was not sampled.</summary>
    internal static Activity? Start(string name, int partition, long firstOffset, long nextOffset)
    {
        var span = Source.StartActivity(name);
        span?.SetTag("iot.partition", partition).SetTag("iot.first_offset", firstOffset).SetTag("iot.next_offset", nextOffset);
        return span;
    }
}

using System.Diagnostics.Metrics;

namespace IotAnalytics.Core.Diagnostics;

/// <summary>The one meter. Each feature keeps its instruments in a static class of its own folder. Never a sensor id as a label.</summary>
public static class IotMeter
{
    public const string Name = "IotAnalytics";

    public static Meter Instance { get; } = new(Name);
}

using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>Instruments of drift.</summary>
internal static class DriftMeter
{
    public static Gauge<double> Index { get; } = IotMeter.Instance.CreateGauge<double>(
        "iot.drift.stability_index", "1", "Stability index of the newest measured day, by model and feature; above 0.2 the day has drifted.");

    public static Counter<long> Alarms { get; } = IotMeter.Instance.CreateCounter<long>("iot.drift.alarms", "{alarm}", "Alarms of the charts of fast shifts, by model.");
}

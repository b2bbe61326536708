using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.Modeling.SelfChecks;

/// <summary>Instruments of the models in operation, by model; set by each check.</summary>
internal static class ModelMetrics
{
    public static readonly Gauge<long> Version = IotMeter.Instance.CreateGauge<long>("iot.model.version", "{version}", "Version of the champion; 0 for none.");

    public static readonly Gauge<double> Age = IotMeter.Instance.CreateGauge<double>("iot.model.age", "s", "Time since the champion was made.");

    public static readonly Gauge<double> AlarmRate = IotMeter.Instance.CreateGauge<double>(
        "iot.model.alarm_rate", "1", "Share of the readings that the champion flagged, of the newest day of record time since it became that.");

    public static readonly Gauge<int> Check = IotMeter.Instance.CreateGauge<int>("iot.model.check", "1", "1 while a check of a model fails, by check; else 0.");
}

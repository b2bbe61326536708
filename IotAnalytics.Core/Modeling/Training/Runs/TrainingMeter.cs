using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>Instruments of training.</summary>
internal static class TrainingMeter
{
    private static readonly Histogram<double> Seconds = IotMeter.Instance.CreateHistogram<double>(
        "iot.training.duration", "s", "Duration of training runs on this host, by the state that they ended in.");

    private static readonly Counter<long> Rows = IotMeter.Instance.CreateCounter<long>("iot.training.rows", "{row}", "Readings read for training.");

    /// <summary>A try of a run is over.</summary>
    /// <param name="state">A state of a run; <c>queued</c>: it will be tried again.</param>
    public static void Record(string state, TimeSpan duration, long rows)
    {
        Seconds.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("state", state));
        Rows.Add(rows);
    }
}

using System.Globalization;
using System.Text;

namespace IotAnalytics.Web.Commands.Demo;

/// <summary>The demo's result for people.</summary>
internal static class DemoReport
{
    public static string Of(DemoResult r)
    {
        var text = new StringBuilder().AppendLine().AppendLine("Sample detections");
        foreach (var line in r.Samples)
        {
            text.Append("  ").AppendLine(line);
        }

        text.AppendLine().AppendLine("Summary");
        Line("Total readings", r.TotalReadings);
        Line("Normal readings", r.NormalReadings);
        Line("Anomalies detected", r.AnomaliesDetected);
        Line("Anomaly rate", r.AnomalyRate.ToString("P1", CultureInfo.InvariantCulture));
        Line("True anomalies", r.TrueAnomalies);
        Line("Correct detections", r.CorrectDetections);
        Line("Missed", r.Missed);
        Line("False alarms", r.FalseAlarms);
        Line("p99 batch latency", string.Create(CultureInfo.InvariantCulture, $"{r.P99BatchLatencyMs:F1} ms from append to visible"));
        Line("Lake", r.Lake);
        if (!r.IsGood)
        {
            text.AppendLine().AppendLine("FAILED: fewer than half of the true anomalies were detected.");
        }

        return text.ToString().TrimEnd();

        void Line(string name, object value) => text.Append(CultureInfo.InvariantCulture, $"  {name,-20} {value}").AppendLine();
    }
}

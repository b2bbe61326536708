using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;

namespace IotAnalytics.Web.Commands.Demo;

/// <summary>What a demo found, beside what was true.</summary>
internal sealed record DemoResult(
    int TotalReadings, int NormalReadings, int AnomaliesDetected, double AnomalyRate, int TrueAnomalies, int CorrectDetections, int Missed, int FalseAlarms,
    double P99BatchLatencyMs, string Lake)
{
    private const int MostSamples = 12;
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Lines in the owner's form: all that was or should have been detected, and a few normal readings.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Samples { get; init; } = [];

    /// <summary>The demo fails when fewer than half of the true anomalies are found.</summary>
    [JsonIgnore]
    public bool IsGood => TrueAnomalies == 0 || CorrectDetections * 2 >= TrueAnomalies;

    public string ToJson() => JsonSerializer.Serialize(this, SnakeCase);

    public static DemoResult Of(
        SensorProfile profile, IReadOnlyList<TruthRow> truth, IReadOnlySet<(string Sensor, long EventMs)> flagged, IReadOnlyList<double> latencies, string lake)
    {
        var judged = truth.Select(t => (Row: t, True: t.Fault != FaultKind.None, Flagged: flagged.Contains((t.SensorId, t.EventMs)))).ToList();
        var interesting = judged.Where(j => j.True || j.Flagged).Take(MostSamples).ToList();
        var ordinary = judged.Where(j => !j.True && !j.Flagged).Take(Math.Max(3, MostSamples - interesting.Count) / 3);
        var detected = judged.Count(j => j.Flagged);
        var sorted = latencies.Order().ToList();
        return new DemoResult(
            judged.Count, judged.Count - detected, detected, (double)detected / judged.Count, judged.Count(j => j.True), judged.Count(j => j.True && j.Flagged),
            judged.Count(j => j.True && !j.Flagged), judged.Count(j => !j.True && j.Flagged),
            Math.Round(sorted[Math.Clamp((int)Math.Ceiling(0.99 * sorted.Count) - 1, 0, sorted.Count - 1)], 2), lake)
        {
            Samples = [.. interesting.Concat(ordinary).OrderBy(j => j.Row.EventMs).Select(j => Line(profile, j.Row, j.True, j.Flagged))],
        };
    }

    private static string Line(SensorProfile profile, TruthRow row, bool isAnomaly, bool isFlagged)
    {
        // Temperature before humidity, whatever order the configuration gives.
        var values = profile.Measurements.Select((m, i) => (m, Value: row.Values[i])).OrderByDescending(v => v.m.Unit == "Cel").Select(v => string.Create(
            CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(v.m.Name[0])}={v.Value:F2}{(v.m.Unit == "Cel" ? "°C" : v.m.Unit)}"));
        var verdict = (isAnomaly, isFlagged) switch
        {
            (true, true) => "ANOMALY CORRECT",
            (false, false) => "NORMAL CORRECT",
            (true, false) => "NORMAL MISSED",
            (false, true) => "ANOMALY FALSE ALARM",
        };
        return $"{row.SensorId}: {string.Join(", ", values)} -> {verdict}";
    }
}

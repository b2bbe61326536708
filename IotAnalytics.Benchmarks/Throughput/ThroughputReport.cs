using System.Globalization;
using System.Text.Json;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>The figures of one run. Rates are readings per second, times run from the first POST.</summary>
/// <param name="Readings">Sent and acknowledged, probes included.</param>
/// <param name="ReadySeconds">From the start of the host's process until it was ready to score.</param>
/// <param name="AcknowledgedSeconds">Until the last body was acknowledged.</param>
/// <param name="DatabaseSeconds">Until the totals in the database held every reading.</param>
/// <param name="EndToEndSeconds">Until the host had stopped in order, and with it every reading was in its layers.</param>
/// <param name="HostCpuSeconds">CPU time of the host's process from its start to its end.</param>
/// <param name="HostCpuSecondsPerMillion">The same less the start-up, for a million readings.</param>
/// <param name="SenderCpuSeconds">CPU time of this process while it sent: it shares the machine.</param>
/// <param name="HostPeakBytes">Largest resident set of the host.</param>
/// <param name="VisibleP50Ms">From POST to visible in <c>GET /anomalies</c>, median of the probes.</param>
/// <param name="WarmP50Ms">The same of the probes after the first ten seconds; NaN when the run was shorter.</param>
/// <param name="ProbesMissed">Probes that never showed.</param>
/// <param name="Complete">Bronze items = readings = silver + gold + dead letters + duplicates.</param>
internal sealed record ThroughputReport(
    long Readings,
    double ReadySeconds,
    double AcknowledgedSeconds,
    double DatabaseSeconds,
    double EndToEndSeconds,
    double AcknowledgedPerSecond,
    double DatabasePerSecond,
    double EndToEndPerSecond,
    double HostCpuSeconds,
    double HostCpuSecondsPerMillion,
    double SenderCpuSeconds,
    long HostPeakBytes,
    double VisibleP50Ms,
    double VisibleP99Ms,
    double VisibleMaxMs,
    double WarmP50Ms,
    double WarmP99Ms,
    int Probes,
    int ProbesMissed,
    long BronzeRecords,
    long BronzeItems,
    long SilverRows,
    long GoldRows,
    long DeadLetters,
    long Duplicates,
    int LakeFiles,
    long LakeBytes,
    bool Complete)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"""
        Readings             {Readings,14:N0}   in {EndToEndSeconds:N2} s
        End to end           {EndToEndPerSecond,14:N0} /s   first POST until all rows are in all layers
        In the database      {DatabasePerSecond,14:N0} /s
        Acknowledged         {AcknowledgedPerSecond,14:N0} /s
        Host CPU             {HostCpuSecondsPerMillion,14:N2} s per million readings ({HostCpuSeconds:N1} s in all; the sender took {SenderCpuSeconds:N1} s)
        Host peak memory     {HostPeakBytes / 1e6,14:N0} MB
        Host ready           {ReadySeconds,14:N2} s after its start
        POST to visible p50  {VisibleP50Ms,14:N0} ms
        POST to visible p99  {VisibleP99Ms,14:N0} ms   of {Probes} probes, {ProbesMissed} not seen, worst {VisibleMaxMs:N0} ms
        After the first 10 s {WarmP50Ms,14:N0} ms p50, {WarmP99Ms:N0} ms p99
        Lake                 {BronzeItems,14:N0} items in {BronzeRecords:N0} records = {SilverRows:N0} silver + {GoldRows:N0} gold + {DeadLetters:N0} dead letters + {Duplicates:N0} duplicates
                             {LakeFiles,14:N0} files, {LakeBytes / 1e6:N1} MB{(Complete ? "" : "   NOT COMPLETE")}
        """);
}

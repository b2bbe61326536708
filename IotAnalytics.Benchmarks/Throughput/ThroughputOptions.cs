namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>What a throughput run does.</summary>
/// <param name="HostPath">IotAnalytics.Web.dll, or a published executable.</param>
/// <param name="Readings">Readings of an unpaced run.</param>
/// <param name="Batch">Readings per body.</param>
/// <param name="Sensors">Sensors of the fleet.</param>
/// <param name="Connections">Bodies under way at once, each with its own sensors.</param>
/// <param name="Rate">Readings per second; 0: as fast as they are taken.</param>
/// <param name="Seconds">Length of a paced run.</param>
/// <param name="SpanSeconds">Event time that an unpaced run covers.</param>
/// <param name="AnomalyRate">Share of anomalous readings.</param>
/// <param name="DataDirectory">Kept when given; null: a temporary folder that is deleted.</param>
/// <param name="Settings">Further settings of the host, <c>Section:Key=value</c>.</param>
internal sealed record ThroughputOptions(
    string HostPath,
    int Readings,
    int Batch,
    int Sensors,
    int Connections,
    double Rate,
    double Seconds,
    double SpanSeconds,
    double AnomalyRate,
    string? DataDirectory,
    IReadOnlyList<string> Settings);

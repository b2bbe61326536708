namespace IotAnalytics.Core.Simulation;

/// <summary>What is true of one simulated reading; never part of the payload.</summary>
/// <param name="SensorId">The sensor.</param>
/// <param name="EventMs">Event time, Unix milliseconds.</param>
/// <param name="Fault">What was injected.</param>
/// <param name="Values">The values as sent, in the profile's order; empty for <see cref="FaultKind.Dropout"/>, which sends nothing.</param>
internal sealed record TruthRow(string SensorId, long EventMs, FaultKind Fault, double[] Values);

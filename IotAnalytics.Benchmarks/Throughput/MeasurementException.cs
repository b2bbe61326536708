namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>The run gives no figures; the message says why.</summary>
internal sealed class MeasurementException(string message) : Exception(message);

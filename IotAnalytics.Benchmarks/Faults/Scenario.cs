namespace IotAnalytics.Benchmarks.Faults;

/// <summary>A kind of fault.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Quick">Times in a quick run.</param>
/// <param name="Full">Times in a full run.</param>
/// <param name="Rate">Readings a second that are produced meanwhile.</param>
/// <param name="RunAsync">Does it so many times; findings of its own, beside the oracle's.</param>
internal sealed record Scenario(string Name, string Description, int Quick, int Full, int Rate, Func<FaultRun, int, Task<List<string>>> RunAsync);

namespace IotAnalytics.Core.Scoring;

/// <summary>Where a measurement usually lies: the 1st and the 99th percentile of the reference rows, in its unit.</summary>
internal readonly record struct ExpectedRange(double P1, double P99);

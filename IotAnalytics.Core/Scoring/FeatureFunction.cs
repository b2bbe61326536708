namespace IotAnalytics.Core.Scoring;

/// <summary>Computes a model's features from a row of measurements (NaN = missing, in both).</summary>
internal delegate void FeatureFunction(ReadOnlySpan<double> measurements, Span<float> features);

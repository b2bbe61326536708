namespace IotAnalytics.Core.Scoring;

/// <summary>Scores rows of features; higher is more anomalous. Immutable and safe for use by many threads.</summary>
public interface IAnomalyDetector
{
    /// <summary>Stable name, as in the configuration: <c>IsolationForest</c>.</summary>
    string Kind { get; }

    /// <summary>Number of feature columns.</summary>
    int FeatureCount { get; }

    /// <summary>Scores <paramref name="rows"/> rows. No NaN may be among the features. Allocates nothing.</summary>
    /// <param name="features">One array per feature, each at least <paramref name="rows"/> long.</param>
    /// <param name="scores">At least <paramref name="rows"/> long; receives values in 0..1.</param>
    void Score(float[][] features, int rows, Span<double> scores);
}

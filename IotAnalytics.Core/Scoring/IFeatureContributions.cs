namespace IotAnalytics.Core.Scoring;

/// <summary>A detector that knows what part each feature has in a row's score.</summary>
public interface IFeatureContributions
{
    /// <summary>Parts of a row's score. Safe for use by many threads.</summary>
    /// <param name="features">One value per feature column, none NaN.</param>
    /// <param name="into">One value per feature column, at least 0, in a unit of the detector's own.</param>
    void Contributions(ReadOnlySpan<float> features, Span<double> into);
}

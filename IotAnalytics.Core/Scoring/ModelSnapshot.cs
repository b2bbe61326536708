using System.Collections.Immutable;

namespace IotAnalytics.Core.Scoring;

/// <summary>A version of a model with all that scoring and explaining need. Immutable: the arrays are never written after construction.</summary>
internal sealed record ModelSnapshot
{
    public required ModelCard Card { get; init; }
    public required IAnomalyDetector Detector { get; init; }

    /// <summary>A row is anomalous when its score is above this; 0..1.</summary>
    public required double Threshold { get; init; }

    /// <summary>The detector's columns, in order.</summary>
    public required ImmutableArray<string> FeatureNames { get; init; }

    /// <summary>Stands in for a missing feature: the median of the training rows, per feature.</summary>
    public required float[] FeatureMedians { get; init; }

    /// <summary>The measurements in the profile's order; of a model of plain columns, the columns.</summary>
    public required ImmutableArray<string> MeasurementNames { get; init; }

    /// <summary>The usual range per measurement.</summary>
    public required ExpectedRange[] ExpectedRanges { get; init; }

    /// <summary>Scores of rows that did not grow the detector, ascending.</summary>
    public required double[] ReferenceScores { get; init; }

    /// <summary>Unremarkable rows of measurements that explanations compare with; no NaN.</summary>
    public required double[][] ReferenceRows { get; init; }

    /// <summary>SHA-256 of the model file, lower-case hex; empty in a snapshot that has no file yet.</summary>
    public string Sha256 { get; init; } = "";

    public string Name => Card.Name;
    public string Version => Card.Version;

    /// <summary>(1 + reference scores at or above) / (n + 1): shown as "1 in …".</summary>
    public double Rarity(double score) => Scoring.Rarity.Of(score, ReferenceScores);

    /// <summary><c>low</c>, <c>medium</c>, <c>high</c> or <c>critical</c>.</summary>
    public string Severity(double score) => Scoring.Severity.Of(score, Threshold);

    /// <summary>Replaces missing (NaN) features by their medians and returns how many there were.</summary>
    public int Impute(Span<float> features)
    {
        var missing = 0;
        for (var i = 0; i < features.Length; i++)
        {
            if (float.IsNaN(features[i]))
            {
                features[i] = FeatureMedians[i];
                missing++;
            }
        }

        return missing;
    }
}

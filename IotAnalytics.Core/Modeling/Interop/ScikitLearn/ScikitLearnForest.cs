using System.Text.Json.Serialization;

namespace IotAnalytics.Core.Modeling.Interop.ScikitLearn;

/// <summary>scikit-learn's <c>IsolationForest</c> as JSON (docs/interop.md).</summary>
internal sealed record ScikitLearnForest
{
    public const string FormatName = "scikit-learn-isolation-forest";

    /// <summary><see cref="FormatName"/>.</summary>
    public required string Format { get; init; }

    /// <summary>1.</summary>
    public required int Version { get; init; }

    /// <summary>Names of the columns.</summary>
    public required string[] Features { get; init; }

    /// <summary><c>max_samples_</c>: rows per tree.</summary>
    public required int MaxSamples { get; init; }

    /// <summary><c>offset_</c>: a row whose <c>score_samples</c> is below is an outlier.</summary>
    public required double Offset { get; init; }

    public required ScikitLearnTree[] Trees { get; init; }

    /// <summary>Rows of the training data: for medians, usual ranges, rarity and explanations.</summary>
    public required double[][] Reference { get; init; }
}

/// <summary>A tree as scikit-learn stores it: one entry per node, the root first.</summary>
internal sealed record ScikitLearnTree
{
    /// <summary>The column tested.</summary>
    public required int[] Feature { get; init; }

    /// <summary>A value that is not above goes left.</summary>
    public required double[] Threshold { get; init; }

    /// <summary>The left child, or −1 in a leaf.</summary>
    public required int[] Left { get; init; }

    /// <summary>The right child, or −1 in a leaf.</summary>
    public required int[] Right { get; init; }

    /// <summary><c>n_node_samples</c>: rows of the node.</summary>
    public required int[] Samples { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ScikitLearnForest))]
internal sealed partial class ScikitLearnJson : JsonSerializerContext;

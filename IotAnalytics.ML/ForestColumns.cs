using Microsoft.ML.Data;

namespace IotAnalytics.ML;

/// <summary>A row as the first step sees it.</summary>
internal sealed class FeatureRow
{
    [ColumnName(IsolationForestTransformer.HiddenFeatures)]
    public VBuffer<float> Features { get; set; }
}

/// <summary>The key that the model is looked up by: always the same.</summary>
internal sealed class ModelKey
{
    [ColumnName(IsolationForestTransformer.HiddenKey)]
    public int Key { get; set; }
}

/// <summary>A row as the forest sees it, with the model file as Base64: ML.NET stores a constant column, but no class of ours.</summary>
internal sealed class ForestRow
{
    [ColumnName(IsolationForestTransformer.HiddenFeatures)]
    public VBuffer<float> Features { get; set; }

    [ColumnName(IsolationForestTransformer.HiddenModel)]
    public ReadOnlyMemory<char> Model { get; set; }
}

/// <summary>What the forest says.</summary>
internal sealed class ForestPrediction
{
    [ColumnName(IsolationForestTransformer.ScoreColumnName)]
    public float Score { get; set; }

    [ColumnName(IsolationForestTransformer.PredictedLabelColumnName)]
    public bool PredictedLabel { get; set; }
}

using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Scoring;
using Microsoft.ML.Transforms;

namespace IotAnalytics.ML;

/// <summary>Scores one row. ML.NET finds it by its contract when a stored model is loaded.</summary>
[CustomMappingFactoryAttribute(Contract)]
internal sealed class ForestMapping : StatefulCustomMappingFactory<ForestRow, ForestPrediction, ForestMapping.Scorer>
{
    public const string Contract = "IotAnalytics.IsolationForest";

    public override Action<ForestRow, ForestPrediction, Scorer> GetMapping() => Map;

    public override Action<Scorer> GetStateInitAction() => _ => { };

    public static void Map(ForestRow row, ForestPrediction prediction, Scorer scorer) => scorer.Score(row, prediction);

    /// <summary>One per cursor, so per thread.</summary>
    internal sealed class Scorer
    {
        private readonly double[] _score = new double[1];
        private ReadOnlyMemory<char> _text;
        private ModelSnapshot? _model;
        private float[][] _columns = [];
        private float[] _features = [];

        public void Score(ForestRow row, ForestPrediction prediction)
        {
            // The same constant in every row: compared by where it lies.
            if (_model is null || !row.Model.Equals(_text))
            {
                _text = row.Model;
                _model = ForestText.Read(_text);
                _features = new float[_model.Detector.FeatureCount];
                _columns = [.. _features.Select(_ => new float[1])];
            }

            var features = row.Features;
            if (features.Length != _features.Length)
            {
                throw new InvalidOperationException($"A row has {features.Length} features; the model was trained with {_features.Length}.");
            }

            features.CopyTo(_features);
            for (var f = 0; f < _features.Length; f++)
            {
                _features[f] = float.IsFinite(_features[f]) ? _features[f] : float.NaN;
            }

            _model.Impute(_features);
            for (var f = 0; f < _features.Length; f++)
            {
                _columns[f][0] = _features[f];
            }

            _model.Detector.Score(_columns, 1, _score);
            prediction.Score = (float)_score[0];
            prediction.PredictedLabel = _score[0] > _model.Threshold;
        }
    }
}

/// <summary>Gives every row the key of the model.</summary>
[CustomMappingFactoryAttribute(Contract)]
internal sealed class ModelKeyMapping : CustomMappingFactory<FeatureRow, ModelKey>
{
    public const string Contract = "IotAnalytics.IsolationForest.Key";

    public override Action<FeatureRow, ModelKey> GetMapping() => Map;

    public static void Map(FeatureRow row, ModelKey key) => key.Key = IsolationForestTransformer.TheKey;
}

/// <summary>A model file as text.</summary>
internal static class ForestText
{
    public static string Write(ModelSnapshot model) => Convert.ToBase64String(ModelFile.Write(model));

    public static ModelSnapshot Read(ReadOnlyMemory<char> text)
    {
        var bytes = new byte[text.Length / 4 * 3];
        return Convert.TryFromBase64Chars(text.Span, bytes, out var length)
            ? ModelFile.Read(bytes.AsSpan(0, length))
            : throw new InvalidOperationException("The stored isolation forest is damaged.");
    }
}

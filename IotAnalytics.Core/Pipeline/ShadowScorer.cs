using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Pipeline;

/// <summary>The shadow of one profile: scores the champion's features, and knows which sensors it decides. Keeps buffers; allocates for new sensors only.</summary>
internal sealed class ShadowScorer(ShadowModel shadow)
{
    private readonly ModelSnapshot _model = shadow.Model;
    private readonly double _share = shadow.Share;
    private readonly float[][] _own = [.. shadow.Model.FeatureNames.Select(_ => Array.Empty<float>())];
    private double[] _scores = [];
    private sbyte[] _sides = [];

    public ModelSnapshot Model => _model;

    /// <summary>The features that the last scores are of.</summary>
    public float[][] Features { get; private set; } = [];

    /// <summary>Keeps the features before the champion's medians stand in for what is missing: the shadow has medians of its own.</summary>
    public void KeepMissing(float[][] features, int rows)
    {
        for (var f = 0; f < features.Length; f++)
        {
            if (_own[f].Length < rows)
            {
                _own[f] = new float[features[f].Length];
            }

            features[f].AsSpan(0, rows).CopyTo(_own[f]);
        }
    }

    /// <summary>Scores the rows that the champion scored.</summary>
    /// <param name="anyMissing">True after <see cref="KeepMissing"/>.</param>
    public ReadOnlySpan<double> Score(float[][] features, int rows, bool anyMissing)
    {
        if (_scores.Length < rows)
        {
            _scores = new double[rows];
        }

        Features = anyMissing ? _own : features;
        if (anyMissing)
        {
            for (var f = 0; f < _own.Length; f++)
            {
                foreach (ref var value in _own[f].AsSpan(0, rows))
                {
                    value = float.IsNaN(value) ? _model.FeatureMedians[f] : value;
                }
            }
        }

        _model.Detector.Score(Features, rows, _scores);
        return _scores.AsSpan(0, rows);
    }

    /// <summary>True when the shadow decides this sensor.</summary>
    public bool Decides(SensorTable sensors, int sensor)
    {
        if (_share <= 0)
        {
            return false;
        }

        if (sensor >= _sides.Length)
        {
            Array.Resize(ref _sides, Math.Max(sensors.Count, _sides.Length * 2));
        }

        ref var side = ref _sides[sensor];
        if (side == 0)
        {
            side = (sbyte)(SensorSplit.PlaceOf(sensors.IdBytesOf(sensor)) < _share ? 1 : -1);
        }

        return side > 0;
    }
}

using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Scores the rows of one profile: features, imputation, detector, threshold, explanation. Allocates for flagged rows only.</summary>
internal sealed class ProfileScorer
{
    private readonly ModelSnapshot _model;
    private readonly FeatureSet _features;
    private readonly Explainer _explainer;
    private readonly int[] _columns;
    private readonly double[] _values;
    private readonly float[] _row;
    private readonly bool[] _own;
    private readonly int _ownCount;
    private float[][] _matrix;
    private double[] _scores = [];
    private int[] _missing = [];

    public ProfileScorer(ProfileCatalog catalog, int profile, ModelSnapshot model)
    {
        _model = model;
        _features = catalog.FeaturesOf(profile);
        _explainer = new Explainer(model, _features);
        _columns = [.. catalog.ProfileColumns[profile]];
        _values = new double[_columns.Length];
        _row = new float[_features.Count];
        _own = [.. Enumerable.Range(0, _features.Count).Select(_features.IsOwn)];
        _ownCount = _features.OwnCount;
        _matrix = new float[_features.Count][];
        Array.Fill(_matrix, []);
    }

    public static void MarkNotScored(MicroBatch batch, ReadOnlySpan<int> rows)
    {
        foreach (var row in rows)
        {
            batch.Score[row] = double.NaN;
            batch.Flags[row] |= ReadingFlags.NotScored;
        }
    }

    /// <param name="rows">In the order of the batch.</param>
    /// <param name="sensors">What the features remember of the sensors; changes. Null: features of a sensor's history are missing.</param>
    public void Score(MicroBatch batch, ReadOnlySpan<int> rows, SensorTable? sensors)
    {
        if (rows.IsEmpty)
        {
            return;
        }

        Reserve(rows.Length);
        _features.Compute(batch, rows, sensors, _matrix);
        var anyMissing = Impute(batch, rows);
        _model.Detector.Score(_matrix, rows.Length, _scores);
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            if (anyMissing && _missing[i] * 2 > _ownCount)
            {
                batch.Score[row] = double.NaN;
                batch.Flags[row] = (batch.Flags[row] | ReadingFlags.NotScored) & ~ReadingFlags.Imputed;
                continue;
            }

            var score = _scores[i];
            batch.Score[row] = score;
            if (score > _model.Threshold)
            {
                batch.Outcome[row] = RowOutcome.Anomaly;
                batch.Anomalies.Add(Explain(batch, row, i, score));
            }
        }
    }

    private bool Impute(MicroBatch batch, ReadOnlySpan<int> rows)
    {
        var any = false;
        for (var f = 0; f < _features.Count; f++)
        {
            var column = _matrix[f].AsSpan(0, rows.Length);
            for (var i = 0; i < column.Length; i++)
            {
                if (!float.IsNaN(column[i]))
                {
                    continue;
                }

                if (!any)
                {
                    _missing.AsSpan(0, rows.Length).Clear();
                    any = true;
                }

                column[i] = _model.FeatureMedians[f];
                if (_own[f])
                {
                    _missing[i]++;
                    batch.Flags[rows[i]] |= ReadingFlags.Imputed;
                }
            }
        }

        return any;
    }

    private AnomalyDetail Explain(MicroBatch batch, int row, int place, double score)
    {
        for (var m = 0; m < _columns.Length; m++)
        {
            _values[m] = batch.Measurement(_columns[m]) is { } column ? column[row] : double.NaN;
        }

        for (var f = 0; f < _row.Length; f++)
        {
            _row[f] = _matrix[f][place];
        }

        var explanation = _explainer.Explain(_values, _row, score);
        return new AnomalyDetail(
            row, _model.Threshold, _model.Rarity(score), _model.Severity(score), explanation.TopMeasurement, explanation.ToJson(), _model.Version,
            _model.Detector is CombinedDetector combined ? combined.Deciding(_row).Kind : _model.Detector.Kind);
    }

    private void Reserve(int rows)
    {
        if (_scores.Length >= rows)
        {
            return;
        }

        _scores = new double[rows];
        _missing = new int[rows];
        _matrix = [.. _matrix.Select(_ => new float[rows])];
    }
}

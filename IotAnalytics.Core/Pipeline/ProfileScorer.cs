using System.Diagnostics;
using System.Runtime.InteropServices;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Scores the rows of one profile: features, imputation, detector, threshold, explanation; with a shadow both models over the same features. Allocates for flagged rows only.</summary>
internal sealed class ProfileScorer
{
    private readonly int _profile;
    private readonly ModelSnapshot _model;
    private readonly ShadowScorer? _shadow;
    private readonly FeatureSet _features;
    private readonly Explainer _explainer;
    private readonly Explainer? _shadowExplainer;
    private readonly int[] _columns;
    private readonly double[] _values;
    private readonly float[] _row;
    private readonly bool[] _own;
    private readonly int _ownCount;
    private float[][] _matrix;
    private double[] _scores = [];
    private int[] _missing = [];

    /// <param name="shadow">Scores the same rows, and decides those of its share of the sensors; null for none.</param>
    public ProfileScorer(ProfileCatalog catalog, int profile, ModelSnapshot model, ShadowModel? shadow = null)
    {
        (_profile, _model) = (profile, model);
        _features = catalog.FeaturesOf(profile);
        _explainer = new Explainer(model, _features);
        if (shadow is not null)
        {
            (_shadow, _shadowExplainer) = (new ShadowScorer(shadow), new Explainer(shadow.Model, _features));
        }

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
        if (_shadow is null)
        {
            _model.Detector.Score(_matrix, rows.Length, _scores);
            DecideAlone(batch, rows, anyMissing);
            return;
        }

        var began = Stopwatch.GetTimestamp();
        _model.Detector.Score(_matrix, rows.Length, _scores);
        var between = Stopwatch.GetTimestamp();
        var others = _shadow.Score(_matrix, rows.Length, anyMissing);
        var ended = Stopwatch.GetTimestamp();
        var first = batch.Paired.Count;
        DecideTogether(batch, rows, others, anyMissing, _shadow, sensors!);
        ShareTime(batch, first, (long)Stopwatch.GetElapsedTime(began, between).TotalNanoseconds, (long)Stopwatch.GetElapsedTime(between, ended).TotalNanoseconds);
    }

    private void DecideAlone(MicroBatch batch, ReadOnlySpan<int> rows, bool anyMissing)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            if (anyMissing && IsNotScored(batch, row, i))
            {
                continue;
            }

            var score = _scores[i];
            batch.Score[row] = score;
            if (score > _model.Threshold)
            {
                batch.Outcome[row] = RowOutcome.Anomaly;
                batch.Anomalies.Add(Explain(batch, row, i, score, _model, _explainer, _matrix));
            }
        }
    }

    private void DecideTogether(MicroBatch batch, ReadOnlySpan<int> rows, ReadOnlySpan<double> others, bool anyMissing, ShadowScorer shadow, SensorTable sensors)
    {
        var minute = default(PairedMinute);
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            if (anyMissing && IsNotScored(batch, row, i))
            {
                continue;
            }

            var time = batch.RecordTimeMs(row) / 60_000;
            if (minute.Rows == 0 || time != minute.Minute)
            {
                Keep(batch, minute);
                minute = new PairedMinute(_profile, time, _model.Version, shadow.Model.Version);
            }

            var (champion, other) = (_scores[i] > _model.Threshold, others[i] > shadow.Model.Threshold);
            _ = (champion, other) switch
            {
                (true, true) => minute.Both++,
                (true, false) => minute.ChampionOnly++,
                (false, true) => minute.ShadowOnly++,
                _ => minute.Neither++,
            };
            if (shadow.Decides(sensors, batch.Sensor[row]))
            {
                batch.Score[row] = others[i];
                batch.ShadowDecided.Add(new ShadowDecision(row, shadow.Model.Version));
                if (other)
                {
                    batch.Outcome[row] = RowOutcome.Anomaly;
                    batch.Anomalies.Add(Explain(batch, row, i, others[i], shadow.Model, _shadowExplainer!, shadow.Features)
                        with
                    { OtherVersion = _model.Version, IsOtherAnomaly = champion });
                }

                continue;
            }

            batch.Score[row] = _scores[i];
            if (champion)
            {
                batch.Outcome[row] = RowOutcome.Anomaly;
                batch.Anomalies.Add(Explain(batch, row, i, _scores[i], _model, _explainer, _matrix) with { OtherVersion = shadow.Model.Version, IsOtherAnomaly = other });
            }
        }

        Keep(batch, minute);
    }

    private static void Keep(MicroBatch batch, in PairedMinute minute)
    {
        if (minute.Rows > 0)
        {
            batch.Paired.Add(minute);
        }
    }

    /// <summary>Divides what scoring took among the minutes, by their rows.</summary>
    private static void ShareTime(MicroBatch batch, int first, long championNanoseconds, long shadowNanoseconds)
    {
        var minutes = CollectionsMarshal.AsSpan(batch.Paired)[first..];
        long rows = 0;
        foreach (ref readonly var minute in minutes)
        {
            rows += minute.Rows;
        }

        foreach (ref var minute in minutes)
        {
            minute.ChampionNanoseconds = championNanoseconds * minute.Rows / rows;
            minute.ShadowNanoseconds = shadowNanoseconds * minute.Rows / rows;
        }
    }

    private bool IsNotScored(MicroBatch batch, int row, int place)
    {
        if (_missing[place] * 2 <= _ownCount)
        {
            return false;
        }

        batch.Score[row] = double.NaN;
        batch.Flags[row] = (batch.Flags[row] | ReadingFlags.NotScored) & ~ReadingFlags.Imputed;
        return true;
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
                    _shadow?.KeepMissing(_matrix, rows.Length);
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

    private AnomalyDetail Explain(MicroBatch batch, int row, int place, double score, ModelSnapshot model, Explainer explainer, float[][] features)
    {
        for (var m = 0; m < _columns.Length; m++)
        {
            _values[m] = batch.Measurement(_columns[m]) is { } column ? column[row] : double.NaN;
        }

        for (var f = 0; f < _row.Length; f++)
        {
            _row[f] = features[f][place];
        }

        var explanation = explainer.Explain(_values, _row, score);
        return new AnomalyDetail(
            row, model.Threshold, model.Rarity(score), model.Severity(score), explanation.TopMeasurement, explanation.ToJson(), model.Version,
            model.Detector is CombinedDetector combined ? combined.Deciding(_row).Kind : model.Detector.Kind);
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

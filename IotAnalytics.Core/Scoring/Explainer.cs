using System.Runtime.InteropServices;
using IotAnalytics.Core.Readings.Features;

namespace IotAnalytics.Core.Scoring;

/// <summary>
/// Explains a score per measurement. A detector that knows each feature's part in the score says it itself. For others the measurement is replaced
/// by the values that the reference rows have there, the derived features are computed again, and the mean of those scores is what would be
/// expected without it; a feature of the measurement's history becomes the training median, what is usual. Keeps buffers: one explainer per thread.
/// </summary>
internal sealed class Explainer
{
    /// <summary>A second measurement of at least this share of the first is named too.</summary>
    private const double SharedBlame = 0.8;

    private readonly ModelSnapshot _model;
    private readonly FeatureSet _set;
    private readonly float[][] _features;
    private readonly double[] _scores;
    private readonly double[] _measurements;
    private readonly double[] _parts;
    private readonly float[] _row;
    private readonly float[] _scored;

    /// <param name="features">From measurements in the order of <see cref="ModelSnapshot.MeasurementNames"/>.</param>
    public Explainer(ModelSnapshot model, FeatureSet features)
    {
        _model = model;
        _set = features;
        var rows = model.MeasurementNames.Length * model.ReferenceRows.Length;
        _features = [.. model.FeatureNames.Select(_ => new float[rows])];
        _scores = new double[rows];
        _measurements = new double[model.MeasurementNames.Length];
        _parts = new double[model.FeatureNames.Length];
        _row = new float[model.FeatureNames.Length];
        _scored = new float[model.FeatureNames.Length];
    }

    /// <summary>Explains a reading without a history: features that need one are taken as usual.</summary>
    /// <param name="measurementsInProfileOrder">NaN = missing.</param>
    /// <param name="score">What the model gave this row.</param>
    public Explanation Explain(ReadOnlySpan<double> measurementsInProfileOrder, double score)
    {
        _set.Compute(measurementsInProfileOrder, _scored);
        _model.Impute(_scored);
        return ExplainScored(measurementsInProfileOrder, score);
    }

    /// <param name="measurementsInProfileOrder">NaN = missing.</param>
    /// <param name="features">As they were scored: none is missing.</param>
    /// <param name="score">What the model gave this row.</param>
    public Explanation Explain(ReadOnlySpan<double> measurementsInProfileOrder, ReadOnlySpan<float> features, double score)
    {
        features.CopyTo(_scored);
        return ExplainScored(measurementsInProfileOrder, score);
    }

    private Explanation ExplainScored(ReadOnlySpan<double> measurements, double score)
    {
        measurements.CopyTo(_measurements);
        return Rank(_model.Detector is IFeatureContributions detector ? Shares(detector, score) : Replacements(score));
    }

    /// <summary>Each measurement has the largest part of its features; together they have the score.</summary>
    private MeasurementContribution[] Shares(IFeatureContributions detector, double score)
    {
        detector.Contributions(_scored, _parts);
        var contributions = new double[_measurements.Length];
        double sum = 0;
        for (var m = 0; m < contributions.Length; m++)
        {
            for (var f = 0; f < _parts.Length; f++)
            {
                if (_parts[f] > contributions[m] && _set.Uses(f, m))
                {
                    contributions[m] = _parts[f];
                }
            }

            sum += contributions[m];
        }

        return [.. contributions.Select((c, m) => Contribution(m, sum > 0 ? score * c / sum : 0))];
    }

    private MeasurementContribution[] Replacements(double score)
    {
        var references = _model.ReferenceRows;
        var row = 0;
        for (var m = 0; m < _measurements.Length; m++)
        {
            var own = _measurements[m];
            foreach (var reference in references)
            {
                _measurements[m] = reference[m];
                _set.Compute(_measurements, _row);
                for (var f = 0; f < _row.Length; f++)
                {
                    if (_set.IsStateful(f) && !_set.Uses(f, m))
                    {
                        _row[f] = _scored[f];
                    }
                }

                _model.Impute(_row);
                for (var f = 0; f < _row.Length; f++)
                {
                    _features[f][row] = _row[f];
                }

                row++;
            }

            _measurements[m] = own;
        }

        _model.Detector.Score(_features, row, _scores);
        var contributions = new MeasurementContribution[_measurements.Length];
        for (var m = 0; m < contributions.Length; m++)
        {
            double sum = 0;
            foreach (var replaced in _scores.AsSpan(m * references.Length, references.Length))
            {
                sum += replaced;
            }

            contributions[m] = Contribution(m, score - sum / references.Length);
        }

        return contributions;
    }

    private MeasurementContribution Contribution(int measurement, double contribution) =>
        new(_model.MeasurementNames[measurement], _measurements[measurement], contribution, _model.ExpectedRanges[measurement]);

    private static Explanation Rank(MeasurementContribution[] contributions)
    {
        // A stable order, so that equal contributions keep the profile's order.
        for (var i = 1; i < contributions.Length; i++)
        {
            var moved = contributions[i];
            var place = i;
            for (; place > 0 && moved.Contribution.CompareTo(contributions[place - 1].Contribution) > 0; place--)
            {
                contributions[place] = contributions[place - 1];
            }

            contributions[place] = moved;
        }

        var ranked = ImmutableCollectionsMarshal.AsImmutableArray(contributions);
        var shared = ranked.Length > 1 && ranked[1].Contribution > 0 && ranked[1].Contribution >= SharedBlame * ranked[0].Contribution;
        return new Explanation(ranked, shared ? ranked[1].Name : null);
    }
}

using System.Collections.Immutable;
using IotAnalytics.Core.Readings.Features;

namespace IotAnalytics.Core.Scoring;

/// <summary>
/// Explains a score per measurement: the measurement is replaced by the values that the reference rows have there, the derived features
/// are computed again, and the mean of those scores is what would be expected without it. Keeps buffers: one explainer per thread.
/// </summary>
internal sealed class Explainer
{
    /// <summary>A second measurement of at least this share of the first is named too.</summary>
    private const double SharedBlame = 0.8;

    private readonly ModelSnapshot _model;
    private readonly FeatureFunction _computeFeatures;
    private readonly float[][] _features;
    private readonly double[] _scores;
    private readonly double[] _measurements;
    private readonly float[] _row;

    public Explainer(ModelSnapshot model, FeatureSet features)
        : this(model, features.Compute)
    {
    }

    /// <param name="computeFeatures">From measurements in the order of <see cref="ModelSnapshot.MeasurementNames"/>.</param>
    public Explainer(ModelSnapshot model, FeatureFunction computeFeatures)
    {
        _model = model;
        _computeFeatures = computeFeatures;
        var rows = model.MeasurementNames.Length * model.ReferenceRows.Length;
        _features = [.. model.FeatureNames.Select(_ => new float[rows])];
        _scores = new double[rows];
        _measurements = new double[model.MeasurementNames.Length];
        _row = new float[model.FeatureNames.Length];
    }

    /// <param name="measurementsInProfileOrder">NaN = missing.</param>
    /// <param name="score">What the model gave this row.</param>
    public Explanation Explain(ReadOnlySpan<double> measurementsInProfileOrder, double score)
    {
        var references = _model.ReferenceRows;
        measurementsInProfileOrder.CopyTo(_measurements);
        var row = 0;
        for (var m = 0; m < _measurements.Length; m++)
        {
            foreach (var reference in references)
            {
                _measurements[m] = reference[m];
                _computeFeatures(_measurements, _row);
                _model.Impute(_row);
                for (var f = 0; f < _row.Length; f++)
                {
                    _features[f][row] = _row[f];
                }

                row++;
            }

            _measurements[m] = measurementsInProfileOrder[m];
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

            contributions[m] = new MeasurementContribution(
                _model.MeasurementNames[m], _measurements[m], score - sum / references.Length, _model.ExpectedRanges[m]);
        }

        return Rank(contributions);
    }

    private static Explanation Rank(MeasurementContribution[] contributions)
    {
        // A stable order, so that equal contributions keep the profile's order.
        var ranked = contributions.OrderByDescending(c => c.Contribution).ToImmutableArray();
        var shared = ranked.Length > 1 && ranked[1].Contribution > 0 && ranked[1].Contribution >= SharedBlame * ranked[0].Contribution;
        return new Explanation(ranked, shared ? ranked[1].Name : null);
    }
}

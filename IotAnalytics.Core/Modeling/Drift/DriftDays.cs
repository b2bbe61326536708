using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>The stability index of each feature and of the score, day by day.</summary>
internal sealed class DriftDays(ProfileReadingsQuery query, TimeProvider time)
{
    public const long DayMs = 86_400_000;

    /// <summary>Days that are looked back at.</summary>
    public const int MaxDays = 7;

    private readonly DaySample _samples = new(query, time);

    /// <summary>Why a model's drift cannot be measured, or null.</summary>
    public static string? Unmeasurable(ModelSnapshot model) => model.Card.Source == BootstrapTrainer.Source
        ? "the champion is a bootstrap model: it has seen no readings to drift from"
        : model.Card.Features.All(f => f.Bins is null) ? "the champion's card does not say what its features were: train a new version" : null;

    /// <summary>Measures one day.</summary>
    public async Task<IReadOnlyList<DriftMeasured>> MeasureAsync(SensorProfile profile, ModelSnapshot model, long dayMs, CancellationToken cancellationToken)
    {
        var (sample, rows) = await _samples.TakeAsync(profile, dayMs, dayMs + DayMs, cancellationToken).ConfigureAwait(false);
        if (rows < DaySample.Size)
        {
            return [new DriftMeasured(DriftRows.TooFewRows, DriftRows.Score, dayMs, rows, DaySample.Size, rows)];
        }

        var measured = new List<DriftMeasured>();
        for (var f = 0; f < sample.Columns.Length; f++)
        {
            if (model.Card.Features[f].Bins is { } bins && StabilityIndex.Of(bins, [.. sample.Columns[f].Select(v => (double)v)]) is var index && !double.IsNaN(index))
            {
                measured.Add(new DriftMeasured(DriftRows.Psi, model.FeatureNames[f], dayMs, index, StabilityIndex.Limit, DaySample.Size));
            }
        }

        sample.Impute(model.FeatureMedians);
        if (StabilityIndex.BinsOf(model.ReferenceScores) is { } ofScores)
        {
            measured.Add(new DriftMeasured(
                DriftRows.Psi, DriftRows.Score, dayMs, StabilityIndex.Of(ofScores, sample.Score(model.Detector)), StabilityIndex.Limit, DaySample.Size));
        }

        return measured;
    }

    /// <summary>Features, or the score, whose index was above the limit on the newest two days, which follow one another.</summary>
    public static IReadOnlyList<string> Drifting(SortedDictionary<long, Dictionary<string, double>> days)
    {
        if (days.Count < 2 || days.Keys.ElementAt(days.Count - 1) - days.Keys.ElementAt(days.Count - 2) != DayMs)
        {
            return [];
        }

        var (before, last) = (days.Values.ElementAt(days.Count - 2), days.Values.ElementAt(days.Count - 1));
        return [.. last.Where(f => f.Value > StabilityIndex.Limit && before.GetValueOrDefault(f.Key) > StabilityIndex.Limit).Select(f => f.Key).Order(StringComparer.Ordinal)];
    }
}

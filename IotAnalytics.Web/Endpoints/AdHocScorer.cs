using System.Runtime.InteropServices;
using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Web.Endpoints;

/// <summary>The pipeline's own parser, validation and scorer over one body, with no memory of the sensors and no effect.</summary>
internal sealed class AdHocScorer(ProfileCatalog catalog, ReadingRules rules, ModelRegistry models, TimeProvider time)
{
    /// <summary>Flags that do not depend on other readings.</summary>
    private const ReadingFlags OwnFlags = ReadingFlags.OutOfRange | ReadingFlags.Imputed | ReadingFlags.NotScored;
    private const int FirstRows = 256;

    public async Task<ScoreResponse> ScoreAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var records = new RecordBatch();
        body.Span.CopyTo(records.Add(0, time.GetUtcNow().ToUnixTimeMilliseconds(), body.Length, [], headers: null));
        var batch = new MicroBatch(catalog.Measurements.Length, FirstRows);
        var sensors = new SensorTable(catalog);
        new ReadingParser(catalog, rules).Parse(records, 0, long.MaxValue, int.MaxValue, batch);
        new ReadingValidator(catalog, rules).Validate(batch, sensors);

        var scored = new ScoredReading?[batch.RowCount];
        foreach (var rows in RowsByProfile(batch, sensors))
        {
            var profile = catalog.Profiles[rows.Key];
            var model = await models.GetChampionAsync(profile.Name, cancellationToken);
            if (model is null)
            {
                ProfileScorer.MarkNotScored(batch, CollectionsMarshal.AsSpan(rows.Value));
            }
            else
            {
                new ProfileScorer(catalog, rows.Key, model).Score(batch, CollectionsMarshal.AsSpan(rows.Value), sensors: null);
            }

            var explainer = model is null ? null : new Explainer(model, catalog.FeaturesOf(rows.Key));
            foreach (var row in rows.Value)
            {
                scored[row] = Reading(batch, row, rows.Key, model, explainer);
            }
        }

        return new ScoreResponse(
            [.. scored.OfType<ScoredReading>()],
            [.. batch.DeadLetters.OrderBy(d => d.Item).Select(d => new RejectedReading(d.Item, d.Field, d.Reason, d.Detail))]);
    }

    /// <summary>A repeated reading is scored like any other here: nobody asked whether it is new.</summary>
    private static Dictionary<int, List<int>> RowsByProfile(MicroBatch batch, SensorTable sensors)
    {
        var rows = new Dictionary<int, List<int>>();
        for (var row = 0; row < batch.RowCount; row++)
        {
            if (batch.Outcome[row] != RowOutcome.DeadLetter)
            {
                batch.Outcome[row] = RowOutcome.Normal;
                (CollectionsMarshal.GetValueRefOrAddDefault(rows, sensors.ProfileOf(batch.Sensor[row]), out _) ??= []).Add(row);
            }
        }

        return rows;
    }

    private ScoredReading Reading(MicroBatch batch, int row, int profile, ModelSnapshot? model, Explainer? explainer)
    {
        var score = batch.Score[row];
        var isScored = model is not null && (batch.Flags[row] & ReadingFlags.NotScored) == 0;
        var explanation = isScored ? explainer!.Explain(Measurements(batch, row, profile), score) : null;
        var isAnomaly = batch.Outcome[row] == RowOutcome.Anomaly;
        return new ScoredReading(
            batch.Item[row],
            Encoding.UTF8.GetString(batch.SensorId(row)),
            catalog.Profiles[profile].Name,
            DateTimeOffset.FromUnixTimeMilliseconds(batch.EventMs[row]).UtcDateTime,
            isAnomaly,
            isScored ? score : null,
            model?.Threshold,
            isScored ? score / model!.Threshold : null,
            isScored ? model!.Rarity(score) : null,
            isAnomaly ? model!.Severity(score) : null,
            explanation?.TopMeasurement,
            ApiJson.Parse(explanation?.ToJson()),
            model?.Version,
            FlagNames.Of((int)(batch.Flags[row] & OwnFlags)));
    }

    private double[] Measurements(MicroBatch batch, int row, int profile) =>
        [.. catalog.ProfileColumns[profile].Select(column => batch.Measurement(column) is { } values ? values[row] : double.NaN)];
}

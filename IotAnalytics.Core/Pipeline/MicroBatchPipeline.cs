using System.Collections.Immutable;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// A scoring plan made ready to run: parse → dates → validate → features and score. No clock, no disk, no database: the same records
/// and sensor table give the same rows. One instance per worker.
/// </summary>
internal sealed class MicroBatchPipeline
{
    /// <summary>Raised when scoring changes a row that the same plan gave before.</summary>
    public const int ScorerVersion = 1;

    private const int FirstCapacity = 1_024;

    private readonly ReadingParser _parser;
    private readonly ReadingValidator _validator;
    private readonly ProfileScorer?[] _scorers;
    private readonly int _maxRows;
    private int[] _rows;

    public MicroBatchPipeline(string planId, ScoringPlan plan, PlannedModels models, int maxRows)
        : this(planId, plan, models, maxRows, previous: null)
    {
    }

    private MicroBatchPipeline(string planId, ScoringPlan plan, PlannedModels models, int maxRows, MicroBatchPipeline? previous)
    {
        (PlanId, Plan, _maxRows) = (planId, plan, maxRows);
        Catalog = previous?.Catalog ?? new ProfileCatalog(plan.Profiles);
        Batch = previous?.Batch ?? new MicroBatch(Catalog.Measurements.Length, Math.Min(maxRows, FirstCapacity));
        ModelVersions = [.. Catalog.Profiles.Select(p => models.Champions.GetValueOrDefault(p.Name)?.Version)];
        _parser = previous?._parser ?? new ReadingParser(Catalog, plan.Rules);
        _validator = previous?._validator ?? new ReadingValidator(Catalog, plan.Rules);
        _rows = previous?._rows ?? [];
        _scorers =
        [
            .. Catalog.Profiles.Select((p, i) => models.Champions.TryGetValue(p.Name, out var model)
                ? new ProfileScorer(Catalog, i, model, models.Shadows.GetValueOrDefault(p.Name))
                : null),
        ];
    }

    /// <summary>The same with other models. Takes over the batch: this one is not used any more.</summary>
    /// <param name="plan">Differs in its models only.</param>
    public MicroBatchPipeline With(string planId, ScoringPlan plan, PlannedModels models) => new(planId, plan, models, _maxRows, this);

    public string PlanId { get; }
    public ScoringPlan Plan { get; }
    public ProfileCatalog Catalog { get; }

    /// <summary>Champion by profile index; null where a profile has no model.</summary>
    public ImmutableArray<string?> ModelVersions { get; }

    /// <summary>The batch that every step works on.</summary>
    public MicroBatch Batch { get; }

    /// <summary>Fills the batch with records from <paramref name="firstRecord"/> on, below <paramref name="stopBefore"/>.</summary>
    public void Parse(RecordBatch records, int firstRecord, long stopBefore) => _parser.Parse(records, firstRecord, stopBefore, _maxRows, Batch);

    /// <summary>Makes the batch of one record that is known to break the pipeline: a dead letter without being looked at.</summary>
    public void TakePoison(RecordBatch records, int record)
    {
        Batch.Reset(records, record);
        Batch.NextRecord = record + 1;
        ref readonly var info = ref records[record];
        Batch.DeadLetters.Add(new DeadLetter(
            record, 0, DeadLetterReasons.Poison, "", "The record makes the pipeline fail; see the log.", info.ValueStart, info.ValueLength));
    }

    /// <summary>Resolves sensors, sets flags and moves the sensor table.</summary>
    public void Validate(SensorTable sensors) => _validator.Validate(Batch, sensors);

    /// <summary>Scores every normal row with its profile's champion, and shadow if there is one, and decides its layer; explains the anomalous ones.</summary>
    public void Score(SensorTable sensors)
    {
        if (_rows.Length < Batch.RowCount)
        {
            _rows = new int[Batch.Capacity];
        }

        for (var profile = 0; profile < _scorers.Length; profile++)
        {
            var count = 0;
            for (var row = 0; row < Batch.RowCount; row++)
            {
                if (Batch.Outcome[row] == RowOutcome.Normal && sensors.ProfileOf(Batch.Sensor[row]) == profile)
                {
                    _rows[count++] = row;
                }
            }

            var rows = _rows.AsSpan(0, count);
            if (_scorers[profile] is { } scorer)
            {
                scorer.Score(Batch, rows, sensors);
            }
            else
            {
                ProfileScorer.MarkNotScored(Batch, rows);
            }
        }

        if (_scorers.Length > 1)
        {
            Batch.Anomalies.Sort(static (a, b) => a.Row.CompareTo(b.Row));
            Batch.ShadowDecided.Sort(static (a, b) => a.Row.CompareTo(b.Row));
        }
    }
}

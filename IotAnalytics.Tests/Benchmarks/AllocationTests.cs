using System.Buffers;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using IotAnalytics.Core.Simulation;

namespace IotAnalytics.Tests.Benchmarks;

/// <summary>A normal reading costs no garbage on its way: the steps are run once to grow their buffers, then watched.</summary>
public class AllocationTests
{
    private const long Start = 1_767_225_600_000; // 2026-01-01T00:00:00Z
    private const int Readings = 8_000;
    private const int PerRecord = 100;

    /// <summary>Bytes of a flagged reading: its explanation, as an object and as JSON. Measured: 2,024.</summary>
    private const int FlaggedCeiling = 2_500;
    private const int Flagged = 200;

    private static readonly ProfileCatalog Catalog = new([ClimateProfile.Default]);
    private static readonly ReadingRules Rules = new(MaxJsonDepth: 16, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));

    private readonly SensorSimulator _fleet = new(ClimateProfile.Default, new SimulationOptions { Sensors = 200, AnomalyRate = 0 });
    private readonly RecordBatch _records = new();
    private readonly MicroBatch _batch = new(Catalog.Measurements.Length, 8_192);
    private readonly SensorTable _sensors = new(Catalog);
    private readonly ReadingParser _parser = new(Catalog, Rules);
    private readonly ReadingValidator _validator = new(Catalog, Rules);
    private long _round;

    [Fact]
    public void Parsing_good_readings_allocates_nothing()
    {
        Assert.Equal(0, AllocatedBy(() => FillRecords(Readings), Parse));
        Assert.Equal(Readings, _batch.RowCount);
    }

    [Fact]
    public void Validating_known_sensors_allocates_nothing()
    {
        Assert.Equal(
            0,
            AllocatedBy(
                () =>
                {
                    FillRecords(Readings);
                    Parse();
                },
                () => _validator.Validate(_batch, _sensors)));
        Assert.All(_batch.Outcome.Take(Readings), o => Assert.Equal(RowOutcome.Normal, o));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void From_the_end_of_the_parse_to_the_roll_up_a_normal_reading_allocates_nothing(bool hasShadow)
    {
        var model = BootstrapTrainer.Train(ClimateProfile.Default, seed: 1);
        // No reading is above this threshold: flagged ones have a ceiling of their own.
        model = model with { Threshold = 1 };
        var models = Alone(model);
        if (hasShadow)
        {
            models = models with { Shadows = new Dictionary<string, ShadowModel> { ["climate"] = new ShadowModel(model, Share: 0.5) } };
        }

        var plan = new ScoringPlan(ReadingParser.Version, MicroBatchPipeline.ScorerVersion, Rules, [ClimateProfile.Default], []);
        var pipeline = new MicroBatchPipeline("plan", plan, models, maxRows: 8_192);
        var fast = new FastWindow(Catalog, deadLettersPerMinute: 100);
        var rollup = new RollupWindow(Catalog);

        var allocated = AllocatedBy(
            () =>
            {
                fast.Clear();
                rollup.Clear();
                FillRecords(Readings);
                pipeline.Parse(_records, 0, long.MaxValue);
            },
            () =>
            {
                pipeline.Validate(_sensors);
                pipeline.Score(_sensors);
                fast.Add(pipeline.Batch, _sensors);
                rollup.Add(pipeline.Batch, _sensors);
            });

        Assert.Equal(new PipelineTotals(Readings, Readings, 0, 0, 0, 0, 0), fast.Totals.Sum);
        Assert.All(pipeline.Batch.Score.Take(Readings), s => Assert.InRange(s, 0.2, 0.8));
        // A window holds one object for each profile and minute of record time, however many readings there are.
        Assert.InRange(allocated, 0, 1_000);
        Assert.Equal(0, allocated / Readings);
    }

    [Fact]
    public void A_flagged_reading_stays_below_its_ceiling()
    {
        var model = BootstrapTrainer.Train(ClimateProfile.Default, seed: 1);
        var models = Alone(model with { Threshold = 0 });
        var plan = new ScoringPlan(ReadingParser.Version, MicroBatchPipeline.ScorerVersion, Rules, [ClimateProfile.Default], []);
        var pipeline = new MicroBatchPipeline("plan", plan, models, maxRows: 8_192);

        var allocated = AllocatedBy(
            () =>
            {
                FillRecords(Flagged);
                pipeline.Parse(_records, 0, long.MaxValue);
                pipeline.Validate(_sensors);
            },
            () => pipeline.Score(_sensors));

        Assert.Equal(Flagged, pipeline.Batch.Anomalies.Count);
        Assert.InRange(allocated / Flagged, 1, FlaggedCeiling);
    }

    /// <summary>Bytes that <paramref name="step"/> allocates on this thread, the smallest of five rounds: the runtime's own work, such as
    /// replacing code by a faster version, may come in between.</summary>
    private static long AllocatedBy(Action prepare, Action step)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 6; round++)
        {
            prepare();
            var before = GC.GetAllocatedBytesForCurrentThread();
            step();
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            least = round == 0 ? least : Math.Min(least, allocated);
        }

        return least;
    }

    private static PlannedModels Alone(ModelSnapshot model) => new(new Dictionary<string, ModelSnapshot> { ["climate"] = model }, new Dictionary<string, ShadowModel>());

    private void Parse() => _parser.Parse(_records, 0, long.MaxValue, 8_192, _batch);

    /// <summary>The next readings, in records that arrive with their last reading.</summary>
    private void FillRecords(int readings)
    {
        _records.Clear();
        var body = new ArrayBufferWriter<byte>();
        for (var record = 0; record < readings / PerRecord; record++, _round++)
        {
            body.ResetWrittenCount();
            var first = Start + _round * PerRecord * 10;
            _fleet.NextBatch(PerRecord, first, 10, body, truth: null);
            body.WrittenSpan.CopyTo(_records.Add(_round, first + PerRecord * 10, body.WrittenCount, key: default, headers: null));
        }
    }
}

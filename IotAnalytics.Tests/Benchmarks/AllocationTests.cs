using System.Buffers;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Simulation;

namespace IotAnalytics.Tests.Benchmarks;

/// <summary>A normal reading costs no garbage on its way: the steps are run once to grow their buffers, then watched.</summary>
public class AllocationTests
{
    private const long Start = 1_767_225_600_000; // 2026-01-01T00:00:00Z
    private const int Readings = 8_000;
    private const int PerRecord = 100;

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
        Assert.Equal(0, AllocatedBy(FillRecords, Parse));
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
                    FillRecords();
                    Parse();
                },
                () => _validator.Validate(_batch, _sensors)));
        Assert.All(_batch.Outcome.Take(Readings), o => Assert.Equal(RowOutcome.Normal, o));
    }

    [Fact]
    public void Features_and_scores_allocate_nothing()
    {
        var model = BootstrapTrainer.Train(ClimateProfile.Default, seed: 1);
        var features = new FeatureSet(ClimateProfile.Default, Catalog);
        var rows = Enumerable.Range(0, Readings).ToArray();
        var matrix = Enumerable.Range(0, features.Count).Select(_ => new float[Readings]).ToArray();
        FillRecords();
        Parse();

        Assert.Equal(
            0,
            AllocatedBy(
                () => { },
                () =>
                {
                    features.Compute(_batch, rows, matrix);
                    model.Detector.Score(matrix, Readings, _batch.Score);
                }));
        Assert.All(_batch.Score.Take(Readings), s => Assert.InRange(s, 0.2, 0.8));
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

    private void Parse() => _parser.Parse(_records, 0, long.MaxValue, 8_192, _batch);

    /// <summary>The next 8,000 readings as 80 records that arrive with their last reading.</summary>
    private void FillRecords()
    {
        _records.Clear();
        var body = new ArrayBufferWriter<byte>();
        for (var record = 0; record < Readings / PerRecord; record++, _round++)
        {
            body.ResetWrittenCount();
            var first = Start + _round * PerRecord * 10;
            _fleet.NextBatch(PerRecord, first, 10, body, truth: null);
            body.WrittenSpan.CopyTo(_records.Add(_round, first + PerRecord * 10, body.WrittenCount, key: default, headers: null));
        }
    }
}

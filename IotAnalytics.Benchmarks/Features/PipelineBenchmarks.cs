using BenchmarkDotNet.Attributes;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Benchmarks.Features;

/// <summary>The way of normal readings through memory, a step at a time and as a whole; per reading.</summary>
[MemoryDiagnoser]
public class PipelineBenchmarks
{
    private const int Readings = 8_000;
    private const double NeverAbove = 1;

    private readonly RecordBatch _records = new();
    private readonly SensorTable _sensors = new(SimulatedRecords.Catalog);
    private readonly RollupWindow _rollup = new(SimulatedRecords.Catalog);
    private readonly FastWindow _fast = new(SimulatedRecords.Catalog, deadLettersPerMinute: 100);
    private MicroBatchPipeline _pipeline = null!;

    [GlobalSetup]
    public void Setup()
    {
        var model = BootstrapTrainer.Train(ClimateProfile.Default, seed: 1) with { Threshold = NeverAbove };
        var plan = new ScoringPlan(ReadingParser.Version, MicroBatchPipeline.ScorerVersion, SimulatedRecords.Rules, [ClimateProfile.Default], []);
        _pipeline = new MicroBatchPipeline("plan", plan, new PlannedModels(new Dictionary<string, ModelSnapshot> { ["climate"] = model }, new Dictionary<string, ShadowModel>()), maxRows: 8_192);
        new SimulatedRecords(anomalyRate: 0).Fill(_records, Readings, 1_000);
        _pipeline.Parse(_records, 0, long.MaxValue);
        _pipeline.Validate(_sensors);
        _pipeline.Score(_sensors);
    }

    [Benchmark(OperationsPerInvoke = Readings)]
    public void Score() => _pipeline.Score(_sensors);

    [Benchmark(OperationsPerInvoke = Readings)]
    public int RollUp()
    {
        _rollup.Clear();
        _rollup.Add(_pipeline.Batch, _sensors);
        return _rollup.CellCount;
    }

    [Benchmark(OperationsPerInvoke = Readings)]
    public long Totals()
    {
        _fast.Clear();
        _fast.Add(_pipeline.Batch, _sensors);
        return _fast.Totals.Sum.Readings;
    }
}

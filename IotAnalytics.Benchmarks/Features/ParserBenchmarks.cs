using BenchmarkDotNet.Attributes;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Benchmarks.Features;

/// <summary>Records to rows; per reading.</summary>
[MemoryDiagnoser]
public class ParserBenchmarks
{
    private const int Readings = 8_000;

    private readonly RecordBatch _records = new();
    private readonly MicroBatch _batch = new(SimulatedRecords.Catalog.Measurements.Length, 8_192);
    private readonly ReadingParser _parser = new(SimulatedRecords.Catalog, SimulatedRecords.Rules);

    [Params(1, 10, 1_000)]
    public int ReadingsPerRecord { get; set; }

    [GlobalSetup]
    public void Setup() => new SimulatedRecords(anomalyRate: 0).Fill(_records, Readings, ReadingsPerRecord);

    [Benchmark(OperationsPerInvoke = Readings)]
    public int Parse()
    {
        _parser.Parse(_records, 0, long.MaxValue, 8_192, _batch);
        return _batch.RowCount;
    }
}

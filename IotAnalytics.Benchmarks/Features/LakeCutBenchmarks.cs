using BenchmarkDotNet.Attributes;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Benchmarks.Features;

/// <summary>Rows to Parquet files of all three layers on the local disk, by the cut and its encoder; per reading.</summary>
[MemoryDiagnoser]
public class LakeCutBenchmarks
{
    private const int Readings = 64_000;
    private const int Records = 64;

    private readonly string _folder = Directory.CreateTempSubdirectory("iot-bench-cut-").FullName;
    private readonly RecordBatch _records = new();
    private readonly MicroBatch _batch = new(SimulatedRecords.Catalog.Measurements.Length, Readings);
    private readonly SensorTable _sensors = new(SimulatedRecords.Catalog);
    private LakeCutContext _context = null!;

    [GlobalSetup]
    public void Setup()
    {
        new SimulatedRecords(anomalyRate: 0).Fill(_records, Readings, Readings / Records);
        new ReadingParser(SimulatedRecords.Catalog, SimulatedRecords.Rules).Parse(_records, 0, long.MaxValue, Readings, _batch);
        new ReadingValidator(SimulatedRecords.Catalog, SimulatedRecords.Rules).Validate(_batch, _sensors);
        _batch.Score.AsSpan(0, Readings).Fill(0.45);
        _context = new LakeCutContext(1, 0, 1, SimulatedRecords.Catalog, new LakeOptions(), new LakeSpool(_folder, long.MaxValue), new LakeEncoders(), 64 << 20);
    }

    [GlobalCleanup]
    public void Cleanup() => Directory.Delete(_folder, recursive: true);

    [Benchmark(OperationsPerInvoke = Readings)]
    public async Task<long> EncodeAsync()
    {
        await using var cut = new LakeCut(_context, 0);
        await cut.AddAsync(_batch, _sensors, ["1"], CancellationToken.None);
        using var files = await cut.SealAsync(CancellationToken.None);
        return files.Bytes;
    }
}

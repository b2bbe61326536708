using BenchmarkDotNet.Attributes;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;

namespace IotAnalytics.Benchmarks.Features;

/// <summary>Sensor, flags and features of parsed rows; per reading.</summary>
[MemoryDiagnoser]
public class ValidatorBenchmarks
{
    private const int Readings = 8_000;

    private readonly RecordBatch _records = new();
    private readonly MicroBatch _batch = new(SimulatedRecords.Catalog.Measurements.Length, 8_192);
    private readonly ReadingValidator _validator = new(SimulatedRecords.Catalog, SimulatedRecords.Rules);
    private readonly SensorTable _sensors = new(SimulatedRecords.Catalog);
    private readonly FeatureSet _features = new(SimulatedRecords.Catalog.Profiles[0], SimulatedRecords.Catalog);
    private readonly int[] _rows = [.. Enumerable.Range(0, Readings)];
    private float[][] _matrix = [];

    [GlobalSetup]
    public void Setup()
    {
        new SimulatedRecords(anomalyRate: 0).Fill(_records, Readings, 1_000);
        new ReadingParser(SimulatedRecords.Catalog, SimulatedRecords.Rules).Parse(_records, 0, long.MaxValue, 8_192, _batch);
        _matrix = [.. Enumerable.Range(0, _features.Count).Select(_ => new float[Readings])];
        _validator.Validate(_batch, _sensors);
    }

    [Benchmark(OperationsPerInvoke = Readings)]
    public void Validate()
    {
        // The same rows again would be duplicates: they move on in time.
        foreach (ref var eventMs in _batch.EventMs.AsSpan(0, Readings))
        {
            eventMs += Readings * 10;
        }

        _validator.Validate(_batch, _sensors);
    }

    [Benchmark(OperationsPerInvoke = Readings)]
    public void ComputeFeatures() => _features.Compute(_batch, _rows, _sensors, _matrix);
}

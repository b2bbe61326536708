using System.Buffers;
using System.Globalization;
using BenchmarkDotNet.Attributes;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;
using IotAnalytics.Core.Simulation.Replay;

namespace IotAnalytics.Benchmarks.Features;

/// <summary>What senders cost; per reading.</summary>
[MemoryDiagnoser]
public class SimulatorBenchmarks
{
    private const int Readings = 10_000;

    private readonly ArrayBufferWriter<byte> _body = new(2 << 20);
    private readonly SensorSimulator _independent = Simulator(SimulationMode.Independent);
    private readonly SensorSimulator _realistic = Simulator(SimulationMode.Realistic);
    private string _csv = "";
    private double _eventMs = 1_767_225_600_000;

    [GlobalSetup]
    public void Setup()
    {
        _csv = Path.GetTempFileName();
        File.WriteAllLines(_csv, Enumerable.Range(0, Readings)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"sdh-{510 + i % 31},2013-08-23T23:{i % 60:00}:00Z,{20 + i % 97 / 10.0:0.000},{50 + i % 89 / 10.0:0.000}"))
            .Prepend("sensor_id,timestamp,temperature,humidity"));
    }

    [GlobalCleanup]
    public void Cleanup() => File.Delete(_csv);

    [Benchmark(OperationsPerInvoke = Readings)]
    public int SimulateIndependent() => Simulate(_independent);

    [Benchmark(OperationsPerInvoke = Readings)]
    public int SimulateRealistic() => Simulate(_realistic);

    [Benchmark(OperationsPerInvoke = Readings)]
    public async Task<long> ReplayCsvAsync()
    {
        await using var file = await ReplayFile.OpenAsync(_csv, new ReplayOptions(), CancellationToken.None);
        long bytes = 0;
        while (await file.AdvanceAsync(skipBad: false, CancellationToken.None))
        {
            bytes += file.Row.Line.Length;
        }

        return bytes;
    }

    private int Simulate(SensorSimulator simulator)
    {
        _body.ResetWrittenCount();
        simulator.NextBatch(Readings, _eventMs, 10, _body, truth: null);
        _eventMs += Readings * 10;
        return _body.WrittenCount;
    }

    private static SensorSimulator Simulator(SimulationMode mode) =>
        new(ClimateProfile.Default, new SimulationOptions { Sensors = 1_000, Mode = mode, AnomalyRate = 0.01 });
}

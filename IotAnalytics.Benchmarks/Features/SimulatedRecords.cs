using System.Buffers;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;

namespace IotAnalytics.Benchmarks.Features;

/// <summary>Log records of simulated climate readings of 1,000 sensors.</summary>
internal sealed class SimulatedRecords
{
    public const int Sensors = 1_000;
    private const long Start = 1_767_225_600_000; // 2026-01-01T00:00:00Z

    private readonly SensorSimulator _simulator;
    private readonly ArrayBufferWriter<byte> _line = new();
    private long _offset;
    private double _eventMs = Start;

    public SimulatedRecords(double anomalyRate) =>
        _simulator = new SensorSimulator(ClimateProfile.Default, new SimulationOptions { Sensors = Sensors, AnomalyRate = anomalyRate });

    public static ProfileCatalog Catalog { get; } = new([ClimateProfile.Default]);

    public static ReadingRules Rules { get; } = new(MaxJsonDepth: 16, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));

    /// <summary>Replaces the content of <paramref name="records"/> by the next readings, 10 ms apart.</summary>
    public void Fill(RecordBatch records, int readings, int readingsPerRecord)
    {
        records.Clear();
        for (var done = 0; done < readings; done += readingsPerRecord)
        {
            var value = Next(Math.Min(readingsPerRecord, readings - done));
            value.Span.CopyTo(records.Add(_offset++, (long)_eventMs, value.Length, key: default, headers: null));
        }
    }

    /// <summary>One body; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Next(int readings)
    {
        _line.ResetWrittenCount();
        _simulator.NextBatch(readings, _eventMs, 10, _line, truth: null);
        _eventMs += readings * 10;
        return _line.WrittenMemory;
    }
}

using System.Buffers;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Simulation;

/// <summary>
/// A fleet of sensors of one profile that take turns. Deterministic: the same profile, options and calls give the same bytes.
/// One thread at a time; allocates nothing unless the truth is asked for.
/// </summary>
internal sealed class SensorSimulator
{
    private readonly SimulationOptions _options;
    private readonly SimulatedMeasurement[] _measurements;
    private readonly ReadingFormatter _formatter;
    private readonly SeededStream[] _streams;
    private readonly RealisticSensors? _realistic;
    private readonly double[] _values;
    private int _turn;

    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public SensorSimulator(SensorProfile profile, SimulationOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Sensors, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Sensors, 10_000_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.FirstSensor, 0);
        if (options.AnomalyRate is not (>= 0 and <= 0.9))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.AnomalyRate, "The anomaly rate is not within 0 and 0.9.");
        }

        _options = options;
        _measurements = [.. profile.Measurements.Select(m => new SimulatedMeasurement(m))];
        _formatter = new ReadingFormatter(_measurements);
        _values = new double[_measurements.Length];
        _streams = new SeededStream[options.Sensors];
        for (var s = 0; s < _streams.Length; s++)
        {
            _streams[s] = new SeededStream(options.Seed, options.FirstSensor + s);
        }

        _realistic = options.Mode == SimulationMode.Realistic
            ? new RealisticSensors(_measurements, options.AnomalyRate, _streams)
            : null;
    }

    /// <summary>
    /// The next <paramref name="count"/> readings that are due, one sensor after another, as NDJSON lines.
    /// Reading i has the event time <paramref name="firstEventMs"/> + i × <paramref name="stepMs"/>, rounded down to a millisecond.
    /// </summary>
    /// <param name="count">Readings due, at least 0.</param>
    /// <param name="firstEventMs">Unix milliseconds; fractions allowed.</param>
    /// <param name="stepMs">Milliseconds between two readings of the fleet; fractions allowed.</param>
    /// <param name="ndjson">Receives the lines.</param>
    /// <param name="truth">Receives a row per reading due, or null.</param>
    /// <returns>Lines written: <paramref name="count"/> less what dropouts swallowed.</returns>
    public int NextBatch(int count, double firstEventMs, double stepMs, IBufferWriter<byte> ndjson, ICollection<TruthRow>? truth)
    {
        var written = 0;
        for (var i = 0; i < count; i++)
        {
            var sensor = _turn;
            _turn = sensor + 1 == _streams.Length ? 0 : sensor + 1;
            var eventMs = (long)Math.Floor(firstEventMs + i * stepMs);
            ref var stream = ref _streams[sensor];
            var fault = _realistic is null ? Draw(ref stream) : _realistic.Next(sensor, ref stream, eventMs, _values);
            var number = _options.FirstSensor + sensor;
            var sent = fault != FaultKind.Dropout;
            if (sent)
            {
                var line = ndjson.GetSpan(_formatter.MaxLineBytes);
                ndjson.Advance(_formatter.WriteLine(line, number, eventMs, _values));
                written++;
            }

            truth?.Add(new TruthRow(ReadingFormatter.SensorId(number), eventMs, fault, sent ? [.. _values] : []));
        }

        return written;
    }

    private FaultKind Draw(ref SeededStream stream)
    {
        var anomalous = stream.NextUniform() < _options.AnomalyRate;
        for (var m = 0; m < _values.Length; m++)
        {
            var measurement = _measurements[m];
            var band = anomalous ? measurement.Anomalous : measurement.Normal;
            _values[m] = measurement.Round(stream.NextBetween(band.Low, band.High));
        }

        return anomalous ? FaultKind.Anomalous : FaultKind.None;
    }
}

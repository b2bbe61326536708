namespace IotAnalytics.Core.Simulation;

/// <summary>
/// State of the realistic mode, a slot per sensor. A healthy value is middle + own offset + daily cycle + AR(1) noise, in shares of the
/// Normal band's width: offset ±0.08, cycle ±0.25, noise deviation 0.045 with a correlation time of ten minutes; clipped to the band.
/// </summary>
internal sealed class RealisticSensors
{
    private const double OffsetShare = 0.08;
    private const double CycleShare = 0.25;
    private const double NoiseShare = 0.045;
    private const double CorrelationMs = 600_000;
    private const double DayMs = 86_400_000;

    private readonly SimulatedMeasurement[] _measurements;
    private readonly double _startChance;
    private readonly double[] _offset;
    private readonly double[] _noise;
    private readonly double[] _last;
    private readonly double[] _phase;
    private readonly long[] _lastMs;
    private readonly FaultKind[] _fault;
    private readonly byte[] _faultMeasurement;
    private readonly short[] _faultLength;
    private readonly short[] _faultDone;
    private double _stepMs = double.NaN;
    private double _keep;
    private double _renew;

    public RealisticSensors(SimulatedMeasurement[] measurements, double anomalyRate, SeededStream[] streams)
    {
        _measurements = measurements;
        _startChance = FaultEpisodes.StartChance(anomalyRate);
        _offset = new double[streams.Length * measurements.Length];
        _noise = new double[_offset.Length];
        _last = new double[_offset.Length];
        _phase = new double[streams.Length];
        _lastMs = new long[streams.Length];
        _fault = new FaultKind[streams.Length];
        _faultMeasurement = new byte[streams.Length];
        _faultLength = new short[streams.Length];
        _faultDone = new short[streams.Length];
        for (var s = 0; s < streams.Length; s++)
        {
            ref var stream = ref streams[s];
            // Sensors of one building share the day; their maxima lie within about an hour and a half.
            _phase[s] = stream.NextBetween(-0.03, 0.03);
            _lastMs[s] = long.MinValue;
            for (var m = 0; m < measurements.Length; m++)
            {
                _offset[s * measurements.Length + m] = stream.NextBetween(-OffsetShare, OffsetShare);
                _noise[s * measurements.Length + m] = stream.NextBell() * NoiseShare;
            }
        }
    }

    /// <summary>Fills <paramref name="values"/> with the sensor's values at <paramref name="eventMs"/> and returns the truth.</summary>
    public FaultKind Next(int sensor, ref SeededStream stream, long eventMs, Span<double> values)
    {
        var fault = Advance(sensor, ref stream);
        var last = _last.AsSpan(sensor * values.Length, values.Length);
        if (fault == FaultKind.Stuck && _lastMs[sensor] != long.MinValue)
        {
            last.CopyTo(values);
            return fault;
        }

        Healthy(sensor, ref stream, eventMs, values);
        Distort(sensor, fault, ref stream, values);
        for (var m = 0; m < values.Length; m++)
        {
            values[m] = _measurements[m].Round(values[m]);
        }

        if (fault != FaultKind.Dropout)
        {
            values.CopyTo(last);
        }

        _lastMs[sensor] = eventMs;
        return fault;
    }

    private FaultKind Advance(int sensor, ref SeededStream stream)
    {
        if (_fault[sensor] != FaultKind.None && ++_faultDone[sensor] < _faultLength[sensor])
        {
            return _fault[sensor];
        }

        _fault[sensor] = FaultKind.None;
        if (stream.NextUniform() < _startChance)
        {
            var (kind, readings) = FaultEpisodes.Draw(ref stream);
            _fault[sensor] = kind;
            _faultLength[sensor] = (short)readings;
            _faultDone[sensor] = 0;
            _faultMeasurement[sensor] = (byte)(stream.Next() % (ulong)Math.Min(_measurements.Length, 256));
        }

        return _fault[sensor];
    }

    private void Healthy(int sensor, ref SeededStream stream, long eventMs, Span<double> values)
    {
        var elapsed = _lastMs[sensor] == long.MinValue ? 0 : eventMs - _lastMs[sensor];
        if (elapsed != _stepMs)
        {
            _stepMs = elapsed;
            _keep = Math.Exp(-Math.Max(elapsed, 0) / CorrelationMs);
            _renew = Math.Sqrt(1 - _keep * _keep) * NoiseShare;
        }

        var day = eventMs / DayMs + _phase[sensor];
        var cycle = Math.Sin(2 * Math.PI * (day - Math.Floor(day))) * CycleShare;
        for (var m = 0; m < values.Length; m++)
        {
            var slot = sensor * values.Length + m;
            _noise[slot] = _noise[slot] * _keep + stream.NextBell() * _renew;
            // Neighbouring measurements run against each other, as humidity does to temperature.
            var share = _offset[slot] + ((m & 1) == 0 ? cycle : -cycle) + _noise[slot];
            values[m] = _measurements[m].Middle + Math.Clamp(share, -0.5, 0.5) * _measurements[m].Width;
        }
    }

    private void Distort(int sensor, FaultKind fault, ref SeededStream stream, Span<double> values)
    {
        var at = _faultMeasurement[sensor];
        if (fault == FaultKind.Spike)
        {
            var band = _measurements[at].Anomalous;
            values[at] = stream.NextBetween(band.Low, band.High);
        }
        else if (fault == FaultKind.Drift)
        {
            var way = _measurements[at].AnomalousMiddle - _measurements[at].Middle;
            values[at] += way * (_faultDone[sensor] + 1) / _faultLength[sensor];
        }
    }
}

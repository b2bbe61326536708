namespace IotAnalytics.Core.Simulation;

/// <summary>Writes simulated readings as NDJSON lines; no strings, no allocation.</summary>
internal sealed class ReadingFormatter
{
    private const int MaxNumberBytes = 32;
    private static ReadOnlySpan<byte> Head => "{\"sensor_id\":\""u8;
    private static ReadOnlySpan<byte> BeforeTime => "\",\"timestamp\":\""u8;

    private readonly SimulatedMeasurement[] _measurements;

    public ReadingFormatter(SimulatedMeasurement[] measurements)
    {
        _measurements = measurements;
        MaxLineBytes = Head.Length + MaxNumberBytes + BeforeTime.Length + IsoTime.Length + 3
            + measurements.Sum(m => m.JsonName.Length + MaxNumberBytes);
    }

    /// <summary>A line is never longer.</summary>
    public int MaxLineBytes { get; }

    /// <summary>The name of a sensor by its number: <c>sensor_001</c>.</summary>
    public static string SensorId(int number) => $"sensor_{number:000}";

    /// <summary>Writes one line with its newline and returns its length.</summary>
    public int WriteLine(Span<byte> into, int sensorNumber, long eventMs, ReadOnlySpan<double> values)
    {
        Head.CopyTo(into);
        var at = Head.Length;
        at += WriteSensorId(into[at..], sensorNumber);
        BeforeTime.CopyTo(into[at..]);
        at += BeforeTime.Length;
        IsoTime.Write(into[at..], eventMs);
        at += IsoTime.Length;
        into[at++] = (byte)'"';
        for (var i = 0; i < values.Length; i++)
        {
            var measurement = _measurements[i];
            measurement.JsonName.CopyTo(into[at..]);
            at += measurement.JsonName.Length;
            at += WriteFixed(into[at..], values[i], measurement.Decimals, measurement.Scale);
        }

        into[at++] = (byte)'}';
        into[at++] = (byte)'\n';
        return at;
    }

    private static int WriteSensorId(Span<byte> into, int number)
    {
        "sensor_"u8.CopyTo(into);
        number.TryFormat(into[7..], out var digits, "000");
        return 7 + digits;
    }

    private static int WriteFixed(Span<byte> into, double value, int decimals, double scale)
    {
        var scaled = (long)Math.Round(value * scale);
        var at = 0;
        if (scaled < 0)
        {
            into[at++] = (byte)'-';
            scaled = -scaled;
        }

        var unit = (long)scale;
        var (whole, fraction) = Math.DivRem(scaled, unit);
        whole.TryFormat(into[at..], out var digits);
        at += digits;
        if (decimals == 0)
        {
            return at;
        }

        into[at++] = (byte)'.';
        for (var i = decimals - 1; i >= 0; i--)
        {
            (fraction, var digit) = Math.DivRem(fraction, 10);
            into[at + i] = (byte)('0' + digit);
        }

        return at + decimals;
    }
}

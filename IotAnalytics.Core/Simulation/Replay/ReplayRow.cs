namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>One reading as an NDJSON line, with what the replay needs to know of it. Reused for every row of a reader.</summary>
internal sealed class ReplayRow
{
    private byte[] _line = new byte[1_024];
    private int _length;

    /// <summary>Event time, Unix milliseconds.</summary>
    public long EventMs { get; set; }

    /// <summary>Hash of the sensor id: readings of one sensor take one lane.</summary>
    public uint SensorHash { get; set; }

    /// <summary>The line with its newline.</summary>
    public ReadOnlyMemory<byte> Line => _line.AsMemory(0, _length);

    public void Clear() => _length = 0;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _length += bytes.Length;
    }

    /// <summary>Appends characters that are known to be ASCII.</summary>
    public void AppendAscii(ReadOnlySpan<char> text)
    {
        System.Text.Encoding.ASCII.GetBytes(text, Reserve(text.Length));
        _length += text.Length;
    }

    /// <summary>Appends the shortest decimal that reads back to the same number.</summary>
    public void AppendNumber(double value)
    {
        value.TryFormat(Reserve(32), out var written, "R", System.Globalization.CultureInfo.InvariantCulture);
        _length += written;
    }

    /// <summary>Appends a time in milliseconds as ISO-8601, quoted.</summary>
    public void AppendTime(long unixMs)
    {
        Append("\""u8);
        IsoTime.Write(Reserve(IsoTime.Length), unixMs);
        _length += IsoTime.Length;
        Append("\""u8);
    }

    /// <summary>FNV-1a.</summary>
    public static uint Hash(ReadOnlySpan<byte> id)
    {
        var hash = 2_166_136_261u;
        foreach (var b in id)
        {
            hash = unchecked((hash ^ b) * 16_777_619);
        }

        return hash;
    }

    private Span<byte> Reserve(int more)
    {
        if (_length + more > _line.Length)
        {
            Array.Resize(ref _line, Math.Max(_length + more, _line.Length * 2));
        }

        return _line.AsSpan(_length);
    }
}

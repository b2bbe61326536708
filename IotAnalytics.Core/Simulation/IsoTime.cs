namespace IotAnalytics.Core.Simulation;

/// <summary>Times as <c>2026-01-01T00:00:00.000Z</c>, without strings.</summary>
internal static class IsoTime
{
    /// <summary>Bytes of a time.</summary>
    public const int Length = 24;

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    /// <param name="unixMs">Years 1 to 9999.</param>
    public static void Write(Span<byte> into, long unixMs)
    {
        var days = (int)Math.DivRem(unixMs, 86_400_000, out var inDay);
        if (inDay < 0)
        {
            days--;
            inDay += 86_400_000;
        }

        var date = DateOnly.FromDayNumber(days + 719_162); // the day number of 1970-01-01
        date.Deconstruct(out var year, out var month, out var day);
        var ms = (int)inDay;
        Two(into, 0, year / 100);
        Two(into, 2, year % 100);
        into[4] = (byte)'-';
        Two(into, 5, month);
        into[7] = (byte)'-';
        Two(into, 8, day);
        into[10] = (byte)'T';
        Two(into, 11, ms / 3_600_000);
        into[13] = (byte)':';
        Two(into, 14, ms / 60_000 % 60);
        into[16] = (byte)':';
        Two(into, 17, ms / 1_000 % 60);
        into[19] = (byte)'.';
        into[20] = (byte)('0' + ms / 100 % 10);
        Two(into, 21, ms % 100);
        into[23] = (byte)'Z';
    }

    private static void Two(Span<byte> into, int at, int value)
    {
        into[at] = (byte)('0' + value / 10);
        into[at + 1] = (byte)('0' + value % 10);
    }
}

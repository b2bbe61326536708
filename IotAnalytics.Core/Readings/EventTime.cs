namespace IotAnalytics.Core.Readings;

/// <summary>
/// Reads event times. Accepted: <c>yyyy-MM-ddTHH:mm[:ss[.f…]]</c> with a zone (<c>Z</c>, <c>±hh:mm</c>, <c>±hhmm</c> or <c>±hh</c>), <c>T</c> and <c>Z</c>
/// in either case, a comma for the point (ISO 8601, RFC 3339). Never accepted: no zone, a date that the calendar lacks, hour 24, second 60.
/// Digits below the millisecond are cut off, not rounded, so that a time never moves into the next day.
/// </summary>
internal static class EventTime
{
    internal const long DayMs = 86_400_000;
    private const long MinuteMs = 60_000;

    // The longest text that can be meant as a time; a longer one is refused unread.
    internal const int MaxLength = 64;

    private static readonly short[] DaysBeforeMonth = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    private static readonly byte[] DaysInMonth = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    /// <summary>Reads the text of a JSON string (without the quotes).</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long unixMs)
    {
        unixMs = 0;
        // The shortest accepted form is yyyy-MM-ddTHH:mmZ; this length also makes the fixed positions below safe to read.
        if (text.Length is < 17 or > MaxLength || text[4] != '-' || text[7] != '-' || (text[10] | 0x20) != 't' || text[13] != ':')
        {
            return false;
        }

        var century = TwoDigits(text, 0);
        var yearOfCentury = TwoDigits(text, 2);
        var month = TwoDigits(text, 5);
        var day = TwoDigits(text, 8);
        var hour = TwoDigits(text, 11);
        var minute = TwoDigits(text, 14);
        if (century < 0 || yearOfCentury < 0 || month is < 1 or > 12 || hour is < 0 or > 23 || minute is < 0 or > 59)
        {
            return false;
        }

        var year = century * 100 + yearOfCentury;
        var leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (day < 1 || day > DaysInMonth[month] + (leap && month == 2 ? 1 : 0))
        {
            return false;
        }

        var at = 16;
        var ms = 0;
        if (text[at] == ':')
        {
            if (text.Length < 20 || TwoDigits(text, 17) is not (>= 0 and <= 59 and var second))
            {
                return false;
            }

            ms = second * 1000;
            at = 19;
            if (text[at] is (byte)'.' or (byte)',' && !TryFraction(text, ref at, ref ms))
            {
                return false;
            }
        }

        if (!TryZone(text[at..], out var zoneMinutes))
        {
            return false;
        }

        // 719,528 days lie between 0000-01-01 and 1970-01-01; the year 0 is a leap year.
        var leapDaysBefore = year == 0 ? 0 : (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1;
        var days = year * 365L + leapDaysBefore + DaysBeforeMonth[month] + (leap && month > 2 ? 1 : 0) + day - 1 - 719_528;
        unixMs = days * DayMs + (hour * 60 + minute - zoneMinutes) * MinuteMs + ms;
        return true;
    }

    private static bool TryFraction(ReadOnlySpan<byte> text, ref int at, ref int ms)
    {
        var first = ++at;
        var weight = 100;
        while (at < text.Length && (uint)(text[at] - '0') <= 9)
        {
            ms += (text[at] - '0') * weight;
            weight /= 10;
            at++;
        }

        return at > first && at < text.Length;
    }

    private static bool TryZone(ReadOnlySpan<byte> zone, out int minutes)
    {
        minutes = 0;
        if (zone.Length == 1)
        {
            return (zone[0] | 0x20) == 'z';
        }

        if (zone.Length is not (3 or 5 or 6) || zone[0] is not ((byte)'+' or (byte)'-') || (zone.Length == 6 && zone[3] != ':'))
        {
            return false;
        }

        var hour = TwoDigits(zone, 1);
        var minute = zone.Length == 3 ? 0 : TwoDigits(zone, zone.Length - 2);
        minutes = (zone[0] == '-' ? -1 : 1) * (hour * 60 + minute);
        return hour is >= 0 and <= 23 && minute is >= 0 and <= 59;
    }

    // -1 when one of the two is not a digit.
    private static int TwoDigits(ReadOnlySpan<byte> text, int at)
    {
        uint tens = (uint)(text[at] - '0'), ones = (uint)(text[at + 1] - '0');
        return tens <= 9 && ones <= 9 ? (int)(tens * 10 + ones) : -1;
    }
}

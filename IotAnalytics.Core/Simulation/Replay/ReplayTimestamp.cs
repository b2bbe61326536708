using System.Globalization;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>Reads a timestamp cell: ISO-8601 with a zone, or integer Unix milliseconds.</summary>
internal static class ReplayTimestamp
{
    /// <summary>What error lines say is accepted.</summary>
    public const string Accepted = "2026-01-01T00:00:00Z, 2026-01-01T02:00:00+02:00 or integer Unix milliseconds";

    /// <summary>What a cell holds.</summary>
    internal enum Kind
    {
        Invalid,

        /// <summary>ISO-8601 with seconds and zone: passed on as it is.</summary>
        Iso,

        /// <summary>As <see cref="Iso"/> without a zone.</summary>
        WithoutZone,

        /// <summary>A time with a zone that is written otherwise (a blank for the T, no seconds, +0200): rewritten in milliseconds, UTC.</summary>
        Other,

        /// <summary>Unix milliseconds.</summary>
        Integer,
    }

    /// <param name="text">The cell without surrounding blanks.</param>
    /// <param name="unixMs">Milliseconds, rounded down; a time without a zone is taken as UTC.</param>
    public static Kind Parse(ReadOnlySpan<char> text, out long unixMs)
    {
        unixMs = 0;
        if (IsFast(text, out unixMs, out var rest))
        {
            return rest switch
            {
                "Z" => Kind.Iso,
                "" => Kind.WithoutZone,
                _ => ParseZone(rest, ref unixMs),
            };
        }

        if (text.Length is >= 9 and <= 15 && text.IndexOfAnyExceptInRange('0', '9') < 0)
        {
            unixMs = long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
            return Kind.Integer;
        }

        return ParseOther(text, out unixMs);
    }

    /// <summary>yyyy-MM-ddTHH:mm:ss with an optional fraction; <paramref name="rest"/> is what follows.</summary>
    private static bool IsFast(ReadOnlySpan<char> text, out long unixMs, out ReadOnlySpan<char> rest)
    {
        unixMs = 0;
        rest = default;
        if (text.Length < 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !Digits(text, 0, 4, out var year) || !Digits(text, 5, 2, out var month) || !Digits(text, 8, 2, out var day)
            || !Digits(text, 11, 2, out var hour) || !Digits(text, 14, 2, out var minute) || !Digits(text, 17, 2, out var second)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        rest = text[19..];
        var ms = 0;
        if (rest.StartsWith("."))
        {
            var end = rest[1..].IndexOfAnyExceptInRange('0', '9');
            var digits = end < 0 ? rest[1..] : rest.Slice(1, end);
            if (digits.Length is 0 or > 9)
            {
                return false;
            }

            for (var i = 0; i < 3; i++)
            {
                ms = ms * 10 + (i < digits.Length ? digits[i] - '0' : 0);
            }

            rest = rest[(digits.Length + 1)..];
        }

        var days = new DateOnly(year, month, day).DayNumber - 719_162L;
        unixMs = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + ms;
        return true;
    }

    private static Kind ParseZone(ReadOnlySpan<char> zone, ref long unixMs)
    {
        if (zone.Length != 6 || zone[0] is not ('+' or '-') || zone[3] != ':'
            || !Digits(zone, 1, 2, out var hours) || !Digits(zone, 4, 2, out var minutes) || hours > 14 || minutes > 59)
        {
            return Kind.Invalid;
        }

        unixMs -= (zone[0] == '-' ? -1 : 1) * (hours * 60L + minutes) * 60_000;
        return Kind.Iso;
    }

    private static Kind ParseOther(ReadOnlySpan<char> text, out long unixMs)
    {
        unixMs = 0;
        // A year first: nothing else says which of two numbers is the month.
        if (text.Length < 10 || !Digits(text, 0, 4, out _) || text[4] is not ('-' or '/')
            || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return Kind.Invalid;
        }

        unixMs = time.ToUnixTimeMilliseconds();
        return HasZone(text) ? Kind.Other : Kind.WithoutZone;
    }

    private static bool HasZone(ReadOnlySpan<char> text)
    {
        var tail = text[10..];
        return text[^1] is 'Z' or 'z' || tail.ContainsAny('+', '-') || tail.EndsWith("UTC") || tail.EndsWith("GMT");
    }

    private static bool Digits(ReadOnlySpan<char> text, int at, int count, out int value)
    {
        value = 0;
        foreach (var c in text.Slice(at, count))
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            value = value * 10 + (c - '0');
        }

        return true;
    }
}

using System.Globalization;
using System.Text;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>Reads a timestamp cell: what a host accepts, and a few ways of writing that are common in files.</summary>
internal static class ReplayTimestamp
{
    /// <summary>What error lines say is accepted.</summary>
    public const string Accepted = "2026-01-01T00:00:00Z, 2026-01-01T02:00:00+02:00 or integer Unix milliseconds";

    /// <summary>What a cell holds.</summary>
    internal enum Kind
    {
        Invalid,

        /// <summary>A time as a host takes it: passed on as it is.</summary>
        Iso,

        /// <summary>A time that only lacks the zone.</summary>
        WithoutZone,

        /// <summary>A time with a zone and a blank for the T: rewritten.</summary>
        Other,

        /// <summary>Unix milliseconds.</summary>
        Integer,
    }

    /// <param name="text">The cell without surrounding blanks.</param>
    /// <param name="unixMs">Milliseconds, rounded down; a time without a zone is taken as UTC.</param>
    public static Kind Parse(ReadOnlySpan<char> text, out long unixMs)
    {
        unixMs = 0;
        Span<byte> ascii = stackalloc byte[EventTime.MaxLength];
        if (text.Length is < 9 or > EventTime.MaxLength - 8 || !Ascii.IsValid(text))
        {
            return Kind.Invalid;
        }

        Encoding.ASCII.GetBytes(text, ascii);
        if (EventTime.TryParse(ascii[..text.Length], out unixMs))
        {
            return Kind.Iso;
        }

        if (text.IndexOfAnyExceptInRange('0', '9') < 0)
        {
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out unixMs) ? Kind.Integer : Kind.Invalid;
        }

        return ParseOther(ascii, text.Length, out unixMs);
    }

    private static Kind ParseOther(Span<byte> ascii, int length, out long unixMs)
    {
        if (length == 10)
        {
            "T00:00"u8.CopyTo(ascii[length..]);
            length += 6;
        }
        else if (ascii[10] == ' ')
        {
            ascii[10] = (byte)'T';
            if (EventTime.TryParse(ascii[..length], out unixMs))
            {
                return Kind.Other;
            }
        }

        ascii[length] = (byte)'Z';
        return EventTime.TryParse(ascii[..(length + 1)], out unixMs) ? Kind.WithoutZone : Kind.Invalid;
    }
}

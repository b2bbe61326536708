using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IotAnalytics.Web.Endpoints;

/// <summary>Reads query parameters and collects what is wrong with them, so that an answer names every field, its value and what is accepted.</summary>
internal sealed partial class QueryCheck
{
    private const long MinUnixMs = -62_135_596_800_000;
    private const long MaxUnixMs = 253_402_300_799_999;
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;
    public const string AcceptedTime = "an ISO-8601 time with zone, for example 2026-01-01T00:00:00Z";
    private readonly List<ProblemError> _errors = [];

    /// <summary>The answer when anything was wrong, else null.</summary>
    public Problem? Problem => _errors.Count == 0
        ? null
        : new Problem(StatusCodes.Status400BadRequest, "invalid_parameter", string.Join("; ", _errors.Select(e => $"{e.Field} = '{e.Value}': accepted {e.Accepted}")))
        {
            Errors = _errors,
        };

    public int Limit(string? text)
    {
        if (text is null)
        {
            return DefaultLimit;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit)
        {
            return limit;
        }

        Refuse("limit", text, $"1 to {MaxLimit}");
        return DefaultLimit;
    }

    public DateTime? Time(string field, string? text)
    {
        if (text is null)
        {
            return null;
        }

        // A '+' of a zone that was not escaped arrives as a blank.
        if (ZonedTime().IsMatch(text)
            && DateTimeOffset.TryParse(text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time))
        {
            return time.UtcDateTime;
        }

        Refuse(field, text, AcceptedTime);
        return null;
    }

    public string? OneOf(string field, string? text, params ReadOnlySpan<string> accepted)
    {
        if (text is null || accepted.Contains(text))
        {
            return text;
        }

        Refuse(field, text, string.Join(", ", accepted!));
        return null;
    }

    /// <summary>The parts of a cursor, or null on the first page. Text parts only; see <see cref="Numbers"/>.</summary>
    public string[]? Cursor(string? text, int parts)
    {
        if (text is null)
        {
            return null;
        }

        if (Base64Url.IsValid(text))
        {
            var fields = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|');
            if (fields.Length == parts)
            {
                return fields;
            }
        }

        RefuseCursor(text);
        return null;
    }

    /// <summary>The parts of a cursor made of whole numbers, or null on the first page.</summary>
    public long[]? Numbers(string? text, int parts)
    {
        if (Cursor(text, parts) is not { } fields)
        {
            return null;
        }

        var numbers = new long[parts];
        for (var i = 0; i < parts; i++)
        {
            if (!long.TryParse(fields[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i]))
            {
                RefuseCursor(text!);
                return null;
            }
        }

        return numbers;
    }

    /// <summary>A time within a cursor.</summary>
    public DateTime? CursorTime(string cursor, string part)
    {
        if (long.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ms) && ms is >= MinUnixMs and <= MaxUnixMs)
        {
            return DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
        }

        RefuseCursor(cursor);
        return null;
    }

    /// <summary>A time as a cursor holds it.</summary>
    public static long CursorTime(DateTime utc) => new DateTimeOffset(utc, TimeSpan.Zero).ToUnixTimeMilliseconds();

    public void Refuse(string field, string value, string accepted) => _errors.Add(new ProblemError(field, Shorten(value), accepted));

    private void RefuseCursor(string text) => Refuse("cursor", text, "the next_cursor of the page before");

    private static string Shorten(string value) => value.Length <= 200 ? value : value[..200] + "…";

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+ -]\d\d:\d\d)$")]
    private static partial Regex ZonedTime();
}

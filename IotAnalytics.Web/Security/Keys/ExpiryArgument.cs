using System.Globalization;

namespace IotAnalytics.Web.Security.Keys;

/// <summary>When a key ends, as one writes it on the command line.</summary>
internal static class ExpiryArgument
{
    public const string Accepted = "days such as 90d, a date such as 2027-01-31, or a time with zone such as 2027-01-31T12:00:00Z, in the future";

    private static readonly string[] Times = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK"];

    /// <summary>UTC; false for what is not a time in the future. A date is its beginning, UTC.</summary>
    public static bool TryParse(string text, DateTimeOffset now, out DateTime expiresAt)
    {
        expiresAt = default;
        if (text.EndsWith('d'))
        {
            if (!int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days is < 1 or > 36_500)
            {
                return false;
            }

            expiresAt = now.AddDays(days).UtcDateTime;
            return true;
        }

        if (!DateTime.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time)
            || (time.Kind == DateTimeKind.Unspecified && text.Contains('T', StringComparison.Ordinal)))
        {
            return false;
        }

        expiresAt = time.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(time, DateTimeKind.Utc) : time.ToUniversalTime();
        return expiresAt > now.UtcDateTime;
    }
}

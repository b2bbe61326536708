namespace IotAnalytics.Web.Endpoints;

/// <summary>Why somebody changes something, as histories and audit keep it.</summary>
internal static class ChangeReason
{
    public const string Accepted = "1 to 500 characters without control characters: why, for the history";

    private const int MaxLength = 500;

    public static bool IsGood(string text) => !string.IsNullOrWhiteSpace(text) && text.Length <= MaxLength && !text.Any(char.IsControl);

    /// <summary>The reason, refused when it is none; null stays null.</summary>
    public static string? Check(QueryCheck check, string? reason)
    {
        if (reason is not null && !IsGood(reason))
        {
            check.Refuse("reason", reason, Accepted);
        }

        return reason;
    }
}

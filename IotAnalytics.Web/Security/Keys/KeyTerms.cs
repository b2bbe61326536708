using System.Text.RegularExpressions;

namespace IotAnalytics.Web.Security.Keys;

/// <summary>What a new key may be given.</summary>
internal static partial class KeyTerms
{
    public const string AcceptedName = "1 to 64 letters, digits, blanks or . _ : @ / -, beginning with a letter or digit";

    public static string AcceptedScope { get; } = string.Join(", ", Scopes.All);

    public static bool IsName(string text) => Name().IsMatch(text);

    [GeneratedRegex(@"^[\p{L}\p{N}][\p{L}\p{N} ._:@/-]{0,63}\z")]
    private static partial Regex Name();
}

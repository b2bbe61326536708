namespace IotAnalytics.Web.Security;

/// <summary>What a key may do, as stored; a user's role.</summary>
internal static class Scopes
{
    public const string Administrator = "administrator";
}

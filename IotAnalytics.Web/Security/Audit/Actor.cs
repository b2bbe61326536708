using System.Globalization;
using System.Net;
using System.Security.Claims;
using IotAnalytics.Web.Endpoints;

namespace IotAnalytics.Web.Security.Audit;

/// <summary>Who does something, and from where.</summary>
/// <param name="Name">The key's name, or one of the fixed names here.</param>
/// <param name="KeyId">The key, where one acts: names may repeat, ids do not.</param>
/// <param name="Source">Remote address, or user and machine.</param>
/// <param name="TraceId">Of the request, where there is one.</param>
internal sealed record Actor(string Name, int? KeyId, string Source, string? TraceId)
{
    public const string LoginLinkName = "login link";

    /// <summary>The host itself.</summary>
    public static Actor Host { get; } = new("host", null, Environment.MachineName, null);

    /// <summary>Whoever runs a verb on the data.</summary>
    public static Actor CommandLine { get; } = new("command line", null, $"{Environment.UserName}@{Environment.MachineName}", null);

    /// <summary>The key or session of a request that was let in.</summary>
    public static Actor Of(HttpContext context) => new(
        context.User.FindFirstValue(ClaimTypes.Name) ?? "unknown",
        context.User.FindFirstValue(SessionCookie.KeyIdClaim) is { } id ? int.Parse(id, CultureInfo.InvariantCulture) : null,
        Address(context), Problem.TraceId(context));

    /// <summary>The holder of a login link, who is nobody yet.</summary>
    public static Actor LoginLink(HttpContext context) => new(LoginLinkName, null, Address(context), Problem.TraceId(context));

    private static string Address(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "unknown",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        IPAddress address => address.ToString(),
    };
}

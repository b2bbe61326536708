using System.Security.Claims;
using System.Text.Encodings.Web;
using IotAnalytics.Web.Endpoints;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Security;

/// <summary><c>Authorization: Bearer</c> or <c>X-Api-Key</c>; also says no, to programs as a problem and to browsers as the login page.</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ApiKeyStore keys, RefusalLimit limit)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "api-key";
    public const string Header = "X-Api-Key";
    private const string Bearer = "Bearer ";

    /// <summary>True when the request brings a key, good or bad; it is then judged by the key alone, never by a cookie.</summary>
    public static bool IsPresent(HttpRequest request) => request.Headers.ContainsKey(Header) || request.Headers.Authorization.Count > 0;

    public static ClaimsPrincipal Principal(KeyIdentity key, string scheme) => new(new ClaimsIdentity(
        [new Claim(SessionCookie.KeyIdClaim, $"{key.KeyId}"), new Claim(ClaimTypes.Name, key.Name), new Claim(ClaimTypes.Role, key.Scope)], scheme));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!IsPresent(Request))
        {
            return AuthenticateResult.NoResult();
        }

        var authorization = Request.Headers.Authorization.ToString();
        var text = authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? authorization[Bearer.Length..].Trim()
            : Request.Headers[Header].ToString();
        var key = await keys.FindAsync(text, Context.RequestAborted);
        if (!limit.MayTry(Context, key?.KeyId))
        {
            return AuthenticateResult.Fail("too many wrong keys from this address");
        }

        if (key is null)
        {
            limit.Guessed(Context);
            return AuthenticateResult.Fail("unknown key");
        }

        limit.Accepted(Context, key.KeyId);
        return AuthenticateResult.Success(new AuthenticationTicket(Principal(key, SchemeName), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (limit.Check(Context) is { } tooMany)
        {
            return tooMany.ExecuteAsync(Context);
        }

        Response.Headers.WWWAuthenticate = "Bearer";
        if (LoginEndpoints.IsPage(Request))
        {
            Problem.Count("login_required");
            return LoginEndpoints.WritePageAsync(Context, StatusCodes.Status401Unauthorized, message: null);
        }

        return IsPresent(Request)
            ? new Problem(StatusCodes.Status401Unauthorized, "invalid_key", "The key is unknown, revoked or expired.").ExecuteAsync(Context)
            : new Problem(StatusCodes.Status401Unauthorized, "key_required", $"Give the key as 'Authorization: Bearer …' or '{Header}: …'.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        ScopeRefusal.Of(Context).ExecuteAsync(Context);
}

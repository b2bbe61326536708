using System.Globalization;
using System.Security.Claims;
using IotAnalytics.Core;
using IotAnalytics.Web.Security.Audit;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace IotAnalytics.Web.Security;

/// <summary>The browser's session: a cookie that scripts cannot read and other sites cannot send, good for 12 hours after its last use.</summary>
internal static class SessionCookie
{
    public const string SchemeName = "session";
    public const string KeyIdClaim = "key_id";
    private const string Name = "iot_session";
    private const string KeysFolder = "cookie-keys";

    public static AuthenticationBuilder AddSessionCookie(this AuthenticationBuilder builder)
    {
        builder.Services.AddDataProtection().SetApplicationName("IotAnalytics");
        builder.Services.AddOptions<KeyManagementOptions>().Configure<DataDirectory, ILoggerFactory>((options, data, loggers) =>
            options.XmlRepository = new FileSystemXmlRepository(Directory.CreateDirectory(data.Combine(KeysFolder)), loggers));
        return builder.AddCookie(SchemeName, options =>
        {
            options.Cookie.Name = Name;
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.ExpireTimeSpan = TimeSpan.FromHours(12);
            options.SlidingExpiration = true;
            options.Events.OnValidatePrincipal = RejectRevokedAsync;
        });
    }

    /// <summary>Opens a session for a key.</summary>
    public static Task SignInAsync(HttpContext context, KeyIdentity key) =>
        context.SignInAsync(SchemeName, ApiKeyHandler.Principal(key, SchemeName));

    /// <summary>Opens an administrator's session for the holder of a login link.</summary>
    public static Task SignInAsync(HttpContext context) => context.SignInAsync(SchemeName, new ClaimsPrincipal(new ClaimsIdentity(
        [new Claim(ClaimTypes.Name, Actor.LoginLinkName), new Claim(ClaimTypes.Role, Scopes.Administrator)], SchemeName)));

    /// <summary>A session lives no longer than its key.</summary>
    private static async Task RejectRevokedAsync(CookieValidatePrincipalContext context)
    {
        if (context.Principal?.FindFirstValue(KeyIdClaim) is { } id
            && await context.HttpContext.RequestServices.GetRequiredService<ApiKeyStore>()
                .FindAsync(int.Parse(id, CultureInfo.InvariantCulture), context.HttpContext.RequestAborted) is null)
        {
            context.RejectPrincipal();
        }
    }
}

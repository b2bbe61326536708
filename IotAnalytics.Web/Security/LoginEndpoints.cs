using System.Net;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Endpoints;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Security.Audit;
using Microsoft.AspNetCore.Authentication;

namespace IotAnalytics.Web.Security;

/// <summary><c>/login</c> by one-time link or by a pasted key, <c>/logout</c>.</summary>
internal static class LoginEndpoints
{
    private const int MaxKeyForm = 4096;

    public static void MapLogin(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/login", ByLinkAsync).AllowAnonymous().ExcludeFromDescription();
        routes.MapPost("/login", ByKeyAsync).AllowAnonymous().DisableAntiforgery().ExcludeFromDescription();
        routes.MapPost("/logout", LogoutAsync).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>True for what a browser asks for to show it, and not a program.</summary>
    public static bool IsPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && !request.Path.StartsWithSegments("/api")
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>The login page.</summary>
    public static Task WritePageAsync(HttpContext context, int status, string? message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        var page = PageAssets.Text("page/login.html").Replace("{{message}}", WebUtility.HtmlEncode(message ?? ""), StringComparison.Ordinal);
        return context.Response.WriteAsync(page, context.RequestAborted);
    }

    private static async Task ByLinkAsync(
        HttpContext context, LoginLinks links, DatabaseWriter writer, TimeProvider time, RefusalLimit limit, ILogger<LoginLinks> logger, string? token)
    {
        if (token is null)
        {
            await WritePageAsync(context, StatusCodes.Status401Unauthorized, message: null);
        }
        else if (!limit.MayTry(context, keyId: null))
        {
            await limit.TooMany().ExecuteAsync(context);
        }
        else if (links.IsGood(token) && await RedeemAsync(context, links, writer, time, token))
        {
            await SessionCookie.SignInAsync(context);
            Log.LoggedIn(logger, Actor.LoginLinkName);
            await ContinueAsync(context);
        }
        else
        {
            limit.Guessed(context);
            Problem.Count("login_link_spent");
            Log.LoginRefused(logger, Actor.LoginLinkName);
            await WritePageAsync(
                context, StatusCodes.Status401Unauthorized, "This link was used already or is older than 15 minutes. The host prints a new one at each start.");
        }
    }

    /// <summary>Only a link that is good costs a transaction; of two who use it at once the writer lets one in.</summary>
    private static Task<bool> RedeemAsync(HttpContext context, LoginLinks links, DatabaseWriter writer, TimeProvider time, string token) => writer.WriteAsync(
        transaction =>
        {
            if (!links.Redeem(token))
            {
                return false;
            }

            AuditLog.Append(transaction, time.GetUtcNow(), Actor.LoginLink(context), AuditActions.LoginLinkUsed, "session", null, new { Scope = Scopes.Administrator });
            return true;
        },
        context.RequestAborted);

    private static async Task ByKeyAsync(HttpContext context, ApiKeyStore keys, RefusalLimit limit, ILogger<LoginLinks> logger)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentLength is null or > MaxKeyForm)
        {
            await new Problem(StatusCodes.Status400BadRequest, "bad_form", "Send the form field 'key'.").ExecuteAsync(context);
            return;
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var key = await keys.FindAsync(form["key"].ToString().Trim(), context.RequestAborted);
        if (!limit.MayTry(context, key?.KeyId))
        {
            await limit.TooMany().ExecuteAsync(context);
        }
        else if (key is null)
        {
            limit.Guessed(context);
            Problem.Count("login_key_unknown");
            Log.LoginRefused(logger, "key");
            await WritePageAsync(context, StatusCodes.Status401Unauthorized, "This key is unknown, revoked or expired.");
        }
        else if (!Scopes.Including(Scopes.Viewer).Contains(key.Scope))
        {
            Problem.Count("login_scope");
            Log.LoginRefused(logger, key.Name);
            await WritePageAsync(
                context, StatusCodes.Status403Forbidden, $"The pages need the scope '{Scopes.Viewer}' or one that includes it; this key has '{key.Scope}'.");
        }
        else
        {
            limit.Accepted(context, key.KeyId);
            await SessionCookie.SignInAsync(context, key);
            Log.LoggedIn(logger, key.Name);
            await ContinueAsync(context);
        }
    }

    private static async Task LogoutAsync(HttpContext context)
    {
        await context.SignOutAsync(SessionCookie.SchemeName);
        await ContinueAsync(context);
    }

    /// <summary>Not a redirect: when a link elsewhere led here, the browser would keep a strict cookie back along the whole chain.</summary>
    private static Task ContinueAsync(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            "<!doctype html><html lang=\"en\"><meta http-equiv=\"refresh\" content=\"0;url=/\"><title>IotAnalytics</title><a href=\"/\">Continue</a></html>",
            context.RequestAborted);
    }
}

using System.Net;
using IotAnalytics.Web.Endpoints;
using IotAnalytics.Web.Hosting;
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

    /// <summary>The login page, status 401.</summary>
    public static Task WritePageAsync(HttpContext context, string? message)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.ContentType = "text/html; charset=utf-8";
        var page = PageAssets.Text("page/login.html").Replace("{{message}}", WebUtility.HtmlEncode(message ?? ""), StringComparison.Ordinal);
        return context.Response.WriteAsync(page, context.RequestAborted);
    }

    private static async Task ByLinkAsync(HttpContext context, LoginLinks links, ILogger<LoginLinks> logger, string? token)
    {
        if (token is null)
        {
            await WritePageAsync(context, message: null);
        }
        else if (links.Redeem(token))
        {
            await SessionCookie.SignInAsync(context);
            Log.LoggedIn(logger, "login link");
            await ContinueAsync(context);
        }
        else
        {
            Problem.Count("login_link_spent");
            Log.LoginRefused(logger, "login link");
            await WritePageAsync(context, "This link was used already or is older than 15 minutes. The host prints a new one at each start.");
        }
    }

    private static async Task ByKeyAsync(HttpContext context, ApiKeyStore keys, ILogger<LoginLinks> logger)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentLength is null or > MaxKeyForm)
        {
            await new Problem(StatusCodes.Status400BadRequest, "bad_form", "Send the form field 'key'.").ExecuteAsync(context);
            return;
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (await keys.FindAsync(form["key"].ToString().Trim(), context.RequestAborted) is { } key)
        {
            await SessionCookie.SignInAsync(context, key);
            Log.LoggedIn(logger, key.Name);
            await ContinueAsync(context);
        }
        else
        {
            Problem.Count("login_key_unknown");
            Log.LoginRefused(logger, "key");
            await WritePageAsync(context, "This key is unknown, revoked or expired.");
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

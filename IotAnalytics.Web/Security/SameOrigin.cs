using IotAnalytics.Web.Endpoints;

namespace IotAnalytics.Web.Security;

/// <summary>
/// A request that changes something and is allowed by a cookie must come from our own pages: the browser says so in Sec-Fetch-Site or Origin.
/// Requests with a key are not a browser's doing and pass.
/// </summary>
internal static class SameOrigin
{
    public static IApplicationBuilder UseSameOrigin(this IApplicationBuilder app) => app.Use((context, next) =>
        ApiKeyHandler.IsPresent(context.Request) || IsSafe(context.Request.Method) || IsSameOrigin(context.Request)
            ? next(context)
            : new Problem(StatusCodes.Status403Forbidden, "cross_origin", "A session may change things only from this host's own pages.").ExecuteAsync(context));

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static bool IsSameOrigin(HttpRequest request)
    {
        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site))
        {
            return site == "same-origin" || site == "none";
        }

        // Neither header and no cookie: a program without a key, which the authorization will refuse by itself.
        return request.Headers.TryGetValue("Origin", out var origin)
            ? origin == $"{request.Scheme}://{request.Host}"
            : request.Headers.Cookie.Count == 0;
    }
}

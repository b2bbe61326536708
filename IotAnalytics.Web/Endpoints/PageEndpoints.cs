using IotAnalytics.Web.Security;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>/</c>: the page, its script and its style.</summary>
internal static class PageEndpoints
{
    public static void MapPage(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", () => File("index.html", "text/html")).RequireScope(Scopes.Viewer).ExcludeFromDescription();
        // What the login page needs too, and what holds nothing secret.
        routes.MapGet("/page/{name:regex(^(page\\.css|page\\.js|favicon\\.svg)$)}", (string name) => File(name, ContentType(name)))
            .AllowAnonymous().ExcludeFromDescription();
    }

    private static IResult File(string name, string contentType) => TypedResults.Text(PageAssets.Text($"page/{name}"), $"{contentType}; charset=utf-8");

    private static string ContentType(string name) => Path.GetExtension(name) switch
    {
        ".css" => "text/css",
        ".js" => "text/javascript",
        _ => "image/svg+xml",
    };
}

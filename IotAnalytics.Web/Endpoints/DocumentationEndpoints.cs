using System.Net;
using System.Text;
using IotAnalytics.Web.Security;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>/docs</c>: the pages of this very version, which a plant without Internet cannot look up elsewhere. As written, in Markdown.</summary>
internal static class DocumentationEndpoints
{
    private const string Folder = "docs/";

    public static void MapDocumentation(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/docs", List).RequireScope(Scopes.Viewer).ExcludeFromDescription();
        routes.MapGet("/docs/{name}", Get).RequireScope(Scopes.Viewer).ExcludeFromDescription();
    }

    private static IResult List()
    {
        var links = string.Concat(PageAssets.Names(Folder).Select(n => $"<li><a href=\"/docs/{WebUtility.UrlEncode(n)}\">{WebUtility.HtmlEncode(n)}</a></li>"));
        return TypedResults.Text(
            $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Documentation</title>"
            + $"<link rel=\"stylesheet\" href=\"/page/page.css\"><main><section class=\"panel\"><h1>Documentation</h1><ul>{links}</ul><p><a href=\"/\">Back</a></p></section></main></html>",
            "text/html; charset=utf-8", Encoding.UTF8);
    }

    private static IResult Get(string name) => PageAssets.Names(Folder).Contains(name)
        ? TypedResults.Text(PageAssets.Text(Folder + name), "text/plain; charset=utf-8", Encoding.UTF8)
        : new Problem(StatusCodes.Status404NotFound, "not_found", "There is no such page; /docs lists them.");
}

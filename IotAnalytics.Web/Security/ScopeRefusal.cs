using System.Security.Claims;
using IotAnalytics.Web.Endpoints;

namespace IotAnalytics.Web.Security;

/// <summary>403: which scope is needed, and which one the key or session has.</summary>
internal static class ScopeRefusal
{
    /// <param name="subject">What needs the scope, for example <c>POST /api/v1/readings</c>.</param>
    public static Problem Of(ClaimsPrincipal user, string subject, string needed)
    {
        var has = user.FindFirstValue(ClaimTypes.Role) ?? "none";
        return new Problem(StatusCodes.Status403Forbidden, "forbidden", $"{subject} needs the scope '{needed}'; yours is '{has}'.")
        {
            Errors = [new ProblemError("scope", has, string.Join(", ", Scopes.Including(needed)))],
        };
    }

    /// <summary>For the endpoint of the request; what has none is the administrator's.</summary>
    public static Problem Of(HttpContext context) => Of(
        context.User, $"{context.Request.Method} {context.Request.Path}",
        context.GetEndpoint()?.Metadata.GetMetadata<RequiredScope>()?.Scope ?? Scopes.Administrator);
}

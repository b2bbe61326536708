using System.Net;
using Microsoft.AspNetCore.Authorization;

namespace IotAnalytics.Web.Security;

/// <summary>
/// What a key may do, as stored; a user's role. The hierarchy stands here and nowhere else: a policy bears the name of the scope that an endpoint
/// asks for, and is met by every scope that includes it.
/// </summary>
internal static class Scopes
{
    /// <summary>Sends readings; reads nothing.</summary>
    public const string Device = "device";

    /// <summary>Reads everything but keys and audit, and scores without storing.</summary>
    public const string Viewer = "viewer";

    /// <summary>A viewer who changes what is in operation: verdicts, alerts, mutes.</summary>
    public const string Operator = "operator";

    /// <summary>A viewer who trains, promotes and rolls back models.</summary>
    public const string ModelAdmin = "model_admin";

    /// <summary>Everything.</summary>
    public const string Administrator = "administrator";

    /// <summary>Policy of the metrics: a viewer, or whoever asks from this machine.</summary>
    private const string LocalOrViewer = "local-or-viewer";

    private static readonly Dictionary<string, string[]> Included = new(StringComparer.Ordinal)
    {
        [Device] = [Device],
        [Viewer] = [Viewer],
        [Operator] = [Operator, Viewer],
        [ModelAdmin] = [ModelAdmin, Viewer],
        [Administrator] = [Administrator, ModelAdmin, Operator, Viewer, Device],
    };

    /// <summary>From the least to the most.</summary>
    public static IReadOnlyList<string> All { get; } = [Device, Viewer, Operator, ModelAdmin, Administrator];

    /// <summary>The scopes that may what <paramref name="needed"/> may, from the least to the most.</summary>
    public static IEnumerable<string> Including(string needed) => All.Where(s => Included[s].Contains(needed));

    /// <summary>One policy for each scope. What names none, endpoint or not, is the administrator's.</summary>
    public static void AddScopePolicies(this IServiceCollection services)
    {
        var authorization = services.AddAuthorizationBuilder();
        foreach (var scope in All)
        {
            authorization.AddPolicy(scope, p => p.RequireRole(Including(scope)));
        }

        authorization.AddPolicy(LocalOrViewer, p => p.RequireAssertion(context =>
            Including(Viewer).Any(context.User.IsInRole)
            || (context.Resource is HttpContext { Connection.RemoteIpAddress: { } address } && IPAddress.IsLoopback(address))));
        var administrator = new AuthorizationPolicyBuilder().RequireRole(Administrator).Build();
        authorization.SetDefaultPolicy(administrator).SetFallbackPolicy(administrator);
    }

    /// <summary>The endpoint is for keys and sessions with this scope, or one that includes it.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder endpoint, string scope)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireAuthorization(scope).WithMetadata(new RequiredScope(scope));

    /// <summary>For viewers, and without a key for requests from this machine.</summary>
    public static TBuilder RequireViewerUnlessLocal<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireAuthorization(LocalOrViewer).WithMetadata(new RequiredScope(Viewer));
}

/// <summary>Which scope an endpoint asks for: for refusals and the API's description.</summary>
internal sealed record RequiredScope(string Scope);

namespace IotAnalytics.Tests.Security;

/// <summary>
/// Who may what, written down a second time by hand: the tests compare it with what the host has and does. Whoever adds an endpoint adds its line.
/// </summary>
internal static class ScopeTable
{
    /// <summary>No key needed.</summary>
    public const string Open = "open";

    public static readonly string[] Scopes = ["device", "viewer", "operator", "model_admin", "administrator"];

    /// <summary>Scopes that may what this one may.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Allows = new Dictionary<string, string[]>
    {
        ["device"] = ["device", "administrator"],
        ["viewer"] = ["viewer", "operator", "model_admin", "administrator"],
        ["operator"] = ["operator", "administrator"],
        ["model_admin"] = ["model_admin", "administrator"],
        ["administrator"] = ["administrator"],
    };

    /// <summary>Method and route to the scope; everything below <c>/api/v1</c> is in the OpenAPI document.</summary>
    public static readonly IReadOnlyDictionary<string, string> Expected = new Dictionary<string, string>
    {
        ["POST /api/v1/readings"] = "device",
        ["POST /api/v1/score"] = "viewer",
        ["GET /api/v1/host"] = "viewer",
        ["GET /api/v1/sensors"] = "viewer",
        ["GET /api/v1/sensors/{sensor_id}"] = "viewer",
        ["GET /api/v1/sensors/{sensor_id}/metrics"] = "viewer",
        ["GET /api/v1/sensors/{sensor_id}/readings"] = "viewer",
        ["GET /api/v1/anomalies"] = "viewer",
        ["GET /api/v1/anomalies/{id}"] = "viewer",
        ["PUT /api/v1/anomalies/{id}/verdict"] = "operator",
        ["GET /api/v1/dead-letters"] = "viewer",
        ["GET /api/v1/pipeline"] = "viewer",
        ["GET /api/v1/live"] = "viewer",
        ["GET /api/v1/profiles"] = "viewer",
        ["GET /api/v1/models"] = "viewer",
        ["GET /api/v1/models/{name}/versions"] = "viewer",
        ["GET /api/v1/models/{name}/versions/{version}"] = "viewer",
        ["GET /api/v1/models/{name}/in-force"] = "viewer",
        ["GET /api/v1/models/{name}/history"] = "viewer",
        ["PUT /api/v1/models/{name}/champion"] = "model_admin",
        ["GET /api/v1/models/{name}/shadow"] = "viewer",
        ["PUT /api/v1/models/{name}/shadow"] = "model_admin",
        ["DELETE /api/v1/models/{name}/shadow"] = "model_admin",
        ["GET /api/v1/models/{name}/drift"] = "viewer",
        ["GET /api/v1/models/{name}/versions/{version}/gate"] = "viewer",
        ["POST /api/v1/models/{name}/versions/{version}/gate"] = "model_admin",
        ["POST /api/v1/models/{name}/training-runs"] = "model_admin",
        ["GET /api/v1/training-runs"] = "viewer",
        ["GET /api/v1/training-runs/{run_id}"] = "viewer",
        ["DELETE /api/v1/training-runs/{run_id}"] = "model_admin",
        ["GET /api/v1/models/{name}/exclusions"] = "viewer",
        ["POST /api/v1/models/{name}/exclusions"] = "model_admin",
        ["DELETE /api/v1/models/{name}/exclusions/{exclusion_id}"] = "model_admin",
        ["GET /api/v1/lake/tables"] = "viewer",
        ["GET /api/v1/api-keys"] = "administrator",
        ["POST /api/v1/api-keys"] = "administrator",
        ["DELETE /api/v1/api-keys/{key_id}"] = "administrator",
        ["GET /api/v1/audit"] = "administrator",
        ["GET /"] = "viewer",
        ["GET /docs"] = "viewer",
        ["GET /docs/{name}"] = "viewer",
        ["GET /page/{name}"] = Open,
        ["GET /login"] = Open,
        ["POST /login"] = Open,
        ["POST /logout"] = Open,
        ["GET /health/live"] = Open,
        ["GET /health/startup"] = Open,
        ["GET /health/ready"] = Open,
        ["* /metrics"] = Open,
        ["* /jobs"] = "administrator",
    };

    /// <summary>No endpoints, and therefore the administrator's: middleware, methods and routes that there are not.</summary>
    public static readonly IReadOnlyList<string> Fallback =
    [
        "GET /swagger/index.html", "GET /swagger/v1/swagger.json", "GET /jobs/recurring", "GET /api/v1/nothing", "GET /nothing", "PUT /api/v1/readings", "DELETE /api/v1/audit",
        "POST /api/v1/audit",
    ];
}

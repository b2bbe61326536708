using System.Runtime.InteropServices;
using IotAnalytics.Core;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Jobs;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /host</c>: what runs here.</summary>
internal static class HostEndpoints
{
    public static void MapHost(this IEndpointRouteBuilder api) => api.MapGet("/host", Get).RequireScope(Scopes.Viewer).WithSummary("What runs here").WithTags("Host");

    private static Ok<HostResponse> Get(HostInfo info, IServer server, IConfiguration configuration, DataDirectory data, IOptions<JobsOptions> jobs, TimeProvider time)
    {
        string Provider(string section, string standard) => configuration[$"{section}:Provider"] ?? standard;
        return TypedResults.Ok(new HostResponse(
            HostInfo.Version,
            info.StartedAt.UtcDateTime,
            (time.GetUtcNow() - info.StartedAt).TotalSeconds,
            [.. server.Features.Get<IServerAddressesFeature>()!.Addresses],
            data.Path,
            RuntimeInformation.FrameworkDescription,
            Environment.MachineName,
            Environment.ProcessId,
            new DeploymentResponse(
                Provider("CommitLog", "Embedded"), Provider("Database", "Sqlite"), Provider("Lake", "FileSystem"), Provider("Jobs", "InMemory")),
            jobs.Value.Dashboard));
    }
}

/// <param name="UptimeSeconds">Since this process started.</param>
/// <param name="Addresses">Where it listens.</param>
/// <param name="JobsDashboard">Whether <c>/jobs</c> is there.</param>
public sealed record HostResponse(
    string Version, DateTime StartedAt, double UptimeSeconds, IReadOnlyList<string> Addresses, string DataDirectory, string Runtime,
    string Machine, int ProcessId, DeploymentResponse Deployment, bool JobsDashboard);

/// <summary>Which implementation each port has.</summary>
public sealed record DeploymentResponse(string CommitLog, string Database, string Lake, string Jobs);

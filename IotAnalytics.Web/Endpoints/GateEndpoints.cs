using System.Text.Json;
using IotAnalytics.Core.Modeling.Gate;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET|POST /models/{name}/versions/{version}/gate</c>: what the gate says of a candidate.</summary>
internal static class GateEndpoints
{
    public static void MapGate(this IEndpointRouteBuilder api)
    {
        var gate = api.MapGroup("/models/{name}/versions/{version}/gate").WithTags("Models");
        gate.MapGet("", GetAsync).RequireScope(Scopes.Viewer)
            .WithSummary("The newest gate report of a version")
            .WithDescription("Every version that a training run makes is judged by itself, soon after the run has ended. 404 `gate_report_not_found` before that.");
        gate.MapPost("", PostAsync).RequireScope(Scopes.ModelAdmin)
            .WithSummary("Judge a version again, against the champion of now")
            .WithDescription("Answers when it is done, which takes about as long as a training run. Promotes nothing, whatever the verdict.")
            .Produces<GateReportResponse>();
    }

    private static async Task<Results<Ok<GateReportResponse>, Problem>> GetAsync(
        string name, string version, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await context.ModelVersions.AnyAsync(v => v.Name == name && v.Version == version, cancellationToken))
        {
            return ModelEndpoints.NotFound($"There is no version '{version}' of a model '{name}'.");
        }

        var row = await context.GateReports.Where(r => r.Name == name && r.Version == version).OrderByDescending(r => r.ReportId).FirstOrDefaultAsync(cancellationToken);
        return row is null
            ? new Problem(StatusCodes.Status404NotFound, "gate_report_not_found", $"Version {version} of {name} was not judged yet.")
            : TypedResults.Ok(new GateReportResponse(row.ReportId, row.Name, row.Version, row.Champion, row.CreatedAt, row.Verdict, ApiJson.Parse(row.Report)!.Value));
    }

    private static async Task<IResult> PostAsync(
        HttpContext context, string name, string version, CandidateGate gate, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            var actor = Actor.Of(context);
            var (id, report) = await gate.JudgeAsync(
                name, version,
                (transaction, row, judged) => AuditLog.Append(
                    transaction, time.GetUtcNow(), actor, AuditActions.CandidateJudged, $"model/{name}", null, new { Version = version, Report = row, Verdict = judged.VerdictName }),
                cancellationToken);
            return TypedResults.Ok(new GateReportResponse(id, name, version, report.Champion, report.CreatedAt, report.VerdictName, ApiJson.Parse(report.ToJson())!.Value));
        }
        catch (KeyNotFoundException e)
        {
            return ModelEndpoints.NotFound(e.Message);
        }
        catch (ModelRefusedException e)
        {
            return new Problem(StatusCodes.Status409Conflict, "nothing_to_compare", e.Message);
        }
    }
}

/// <summary>What the gate found when it compared a version with the champion.</summary>
/// <param name="Champion">The champion that it was compared with.</param>
/// <param name="Verdict"><c>promote</c>, <c>ask</c> or <c>refuse</c>.</param>
/// <param name="Report">Every figure and finding.</param>
public sealed record GateReportResponse(long Id, string Model, string Version, string Champion, DateTime CreatedAt, string Verdict, JsonElement Report);

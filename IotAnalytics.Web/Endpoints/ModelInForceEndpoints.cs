using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /models/{name}/in-force</c>: which version a reading was scored with, from what T1 recorded by offset.</summary>
internal static class ModelInForceEndpoints
{
    public static void MapModelInForce(this IEndpointRouteBuilder api) => api
        .MapGet("/models/{name}/in-force", GetAsync).RequireScope(Scopes.Viewer).WithTags("Models")
        .WithSummary("Which version was in force for a reading")
        .WithDescription("`reading`: the id of an anomaly or a dead letter, or source, partition and offset of any row of the lake. 404 `reading_not_scored` when the record is not scored yet, "
            + "or was before anything that is known.");

    private static async Task<Results<Ok<ModelInForceResponse>, Problem>> GetAsync(
        string name, string? reading, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        if (ReadingId.Parse(reading ?? "") is not { } record)
        {
            return ReadingId.Refuse("reading", reading ?? "", ReadingId.OfRecord);
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var (source, partition, offset) = (record.Source, record.Partition, record.Offset);
        var scored = await context.StreamPartitions.Where(p => p.SourceId == source && p.Partition == partition).Select(p => (long?)p.FastOffset).FirstOrDefaultAsync(cancellationToken);
        if (scored is null)
        {
            return NotScored($"There is no partition {partition} of a source {source}.");
        }

        if (offset >= scored)
        {
            return NotScored($"Record {offset} is not scored yet: partition {partition} of source {source} is at {scored}.");
        }

        var assignment = await context.ScoringAssignments
            .Where(a => a.SourceId == source && a.Partition == partition && a.FromOffset <= offset)
            .OrderByDescending(a => a.FromOffset)
            .Join(context.ScoringPlans, a => a.PlanId, p => p.PlanId, (a, p) => new { a.FromOffset, p.PlanId, p.Content })
            .FirstOrDefaultAsync(cancellationToken);
        if (assignment is null)
        {
            return NotScored($"Record {offset} is before the first one of partition {partition}, source {source}, whose scoring plan is kept.");
        }

        return ScoringPlan.FromJson(assignment.Content).Models.FirstOrDefault(m => m.Profile == name) is { } model
            ? TypedResults.Ok(new ModelInForceResponse(
                name, model.Version, model.Sha256, model.Threshold, model.Shadow?.Version, model.Shadow?.Share ?? 0, assignment.FromOffset, assignment.PlanId))
            : ModelEndpoints.NotFound($"No model '{name}' was in force at record {offset} of partition {partition}, source {source}.");
    }

    private static Problem NotScored(string detail) => new(StatusCodes.Status404NotFound, "reading_not_scored", detail);
}

/// <summary>The version of a model in force at an offset.</summary>
/// <param name="Sha256">Of the model file.</param>
/// <param name="Threshold">A reading with a higher score was an anomaly.</param>
/// <param name="Shadow">The version that scored beside it, or null.</param>
/// <param name="ShadowShare">Share of the sensors that the shadow decided; above 0 the row's own <c>model_version</c> says which of the two did.</param>
/// <param name="FromOffset">Since which record of the partition the plan has been in force.</param>
/// <param name="PlanId">SHA-256 of the scoring plan: models, profiles and rules.</param>
public sealed record ModelInForceResponse(
    string Name, string Version, string Sha256, double Threshold, string? Shadow, double ShadowShare, long FromOffset, string PlanId);

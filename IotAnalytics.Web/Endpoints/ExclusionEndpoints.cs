using System.Globalization;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET|POST|DELETE /models/{name}/exclusions</c>: periods that no model learns from.</summary>
internal static class ExclusionEndpoints
{
    private const string AcceptedSensor = "the id of a sensor, 1 to 128 characters; none for all sensors of the profile";
    private static readonly string[] Fields = ["sensor_id", "from", "to", "reason"];

    public static void MapExclusions(this IEndpointRouteBuilder api)
    {
        var exclusions = api.MapGroup("/models/{name}/exclusions").WithTags("Training");
        exclusions.MapGet("", ListAsync).RequireScope(Scopes.Viewer).WithSummary("Periods that no model learns from, newest first");
        exclusions.MapPost("", PostAsync).RequireScope(Scopes.ModelAdmin)
            .WithSummary("Keep a period out of training, of one sensor or of all")
            .WithDescription("From the next training run on. Models that have learned from it already stay as they are.")
            .WithMetadata(new DescribedBody(typeof(AddExclusionRequest)))
            .Produces<ExclusionResponse>(StatusCodes.Status201Created);
        exclusions.MapDelete("/{exclusion_id}", DeleteAsync).RequireScope(Scopes.ModelAdmin)
            .WithSummary("Let models learn from the period again")
            .Produces(StatusCodes.Status204NoContent);
    }

    private static async Task<Results<Ok<Page<ExclusionResponse>>, Problem>> ListAsync(
        string name, string? limit, string? cursor, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var after = check.Numbers(cursor, 1)?[0];
        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await context.Models.AnyAsync(m => m.Name == name, cancellationToken))
        {
            return ModelEndpoints.NotFound($"There is no model '{name}'.");
        }

        var rows = await context.TrainingExclusions.Where(e => e.Name == name && (after == null || e.ExclusionId < after))
            .OrderByDescending(e => e.ExclusionId).Take(take + 1).ToListAsync(cancellationToken);
        return TypedResults.Ok(Page.Of(
            rows, take, e => new ExclusionResponse(e.ExclusionId, e.SensorId, e.FromTime, e.ToTime, e.Reason, e.CreatedBy, e.CreatedAt), e => [e.ExclusionId]));
    }

    private static async Task<IResult> PostAsync(
        HttpContext context, string name, IDbContextFactory<AnalyticsDbContext> contexts, DatabaseWriter writer, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var fields = await JsonFields.ReadAsync(context.Request, check, Fields, cancellationToken);
        var sensor = fields.Text("sensor_id", AcceptedSensor, isRequired: false);
        if (sensor is { Length: 0 or > 128 })
        {
            check.Refuse("sensor_id", sensor, AcceptedSensor);
        }

        var from = check.Time("from", fields.Text("from", QueryCheck.AcceptedTime, isRequired: true));
        var to = check.Time("to", fields.Text("to", QueryCheck.AcceptedTime, isRequired: true));
        if (from >= to)
        {
            check.Refuse("to", to.Value.ToString("O", CultureInfo.InvariantCulture), "a time after from");
        }

        var reason = ChangeReason.Check(check, fields.Text("reason", ChangeReason.Accepted, isRequired: true));
        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using (var database = await contexts.CreateDbContextAsync(cancellationToken))
        {
            if (!await database.Models.AnyAsync(m => m.Name == name, cancellationToken))
            {
                return ModelEndpoints.NotFound($"There is no model '{name}'.");
            }
        }

        var (actor, now) = (Actor.Of(context), time.GetUtcNow());
        var id = await writer.WriteAsync(
            transaction =>
            {
                var added = ExclusionRows.Insert(transaction, name, sensor, from!.Value, to!.Value, reason!, actor.Name, now);
                AuditLog.Append(
                    transaction, now, actor, AuditActions.TrainingExclusionAdded, $"model/{name}", null, new { Id = added, SensorId = sensor, From = from, To = to, Reason = reason });
                return added;
            },
            cancellationToken);
        return TypedResults.Created($"/api/v1/models/{name}/exclusions/{id}", new ExclusionResponse(id, sensor, from!.Value, to!.Value, reason!, actor.Name, now.UtcDateTime));
    }

    private static async Task<IResult> DeleteAsync(
        HttpContext context, string name, string exclusion_id, DatabaseWriter writer, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!long.TryParse(exclusion_id, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            var check = new QueryCheck();
            check.Refuse("exclusion_id", exclusion_id, "the id of an exclusion, a whole number");
            return check.Problem!;
        }

        var actor = Actor.Of(context);
        var isRemoved = await writer.WriteAsync(
            transaction =>
            {
                if (!ExclusionRows.Delete(transaction, name, id))
                {
                    return false;
                }

                AuditLog.Append(transaction, time.GetUtcNow(), actor, AuditActions.TrainingExclusionRemoved, $"model/{name}", new { Id = id }, null);
                return true;
            },
            cancellationToken);
        return isRemoved
            ? TypedResults.NoContent()
            : new Problem(StatusCodes.Status404NotFound, "exclusion_not_found", $"There is no exclusion {id} of a model '{name}'.");
    }
}

/// <summary>A period to keep out of training.</summary>
/// <param name="From">Event time, inclusive.</param>
/// <param name="To">Event time, exclusive.</param>
/// <param name="Reason">Why: 1 to 500 characters.</param>
/// <param name="SensorId">Null: all sensors of the profile.</param>
public sealed record AddExclusionRequest(DateTime From, DateTime To, string Reason, string? SensorId = null);

/// <summary>A period that no model learns from.</summary>
/// <param name="SensorId">Null: all sensors of the profile.</param>
/// <param name="From">Event time, inclusive.</param>
/// <param name="To">Event time, exclusive.</param>
public sealed record ExclusionResponse(long Id, string? SensorId, DateTime From, DateTime To, string Reason, string CreatedBy, DateTime CreatedAt);

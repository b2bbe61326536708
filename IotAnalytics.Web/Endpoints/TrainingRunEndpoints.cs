using System.Globalization;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>POST /models/{name}/training-runs</c> and <c>GET|DELETE /training-runs</c>.</summary>
internal static class TrainingRunEndpoints
{
    private const string AcceptedSeed = "a whole number from 0 to 2147483647";
    private static readonly string[] Fields = ["from", "to", "seed"];

    public static void MapTrainingRuns(this IEndpointRouteBuilder api)
    {
        api.MapPost("/models/{name}/training-runs", PostAsync).RequireScope(Scopes.ModelAdmin).WithTags("Training")
            .WithSummary("Queue a training run: a new version from the readings of the lake")
            .WithDescription("Without `to` the window ends behind the newest reading of the profile, without `from` it is as long as the profile's `Training:Window`. "
                + "A body is not needed. One run of a model is queued or running at a time: another is refused with 409, which names it. No alias changes by it.")
            .WithMetadata(new DescribedBody(typeof(StartTrainingRequest)))
            .Produces<TrainingRunResponse>(StatusCodes.Status202Accepted);
        var runs = api.MapGroup("/training-runs").WithTags("Training");
        runs.MapGet("", ListAsync).RequireScope(Scopes.Viewer).WithSummary("Training runs, newest first");
        runs.MapGet("/{run_id}", GetAsync).RequireScope(Scopes.Viewer).WithSummary("One training run: its state, how far it is, the version it made");
        runs.MapDelete("/{run_id}", DeleteAsync).RequireScope(Scopes.ModelAdmin)
            .WithSummary("Cancel a training run")
            .WithDescription("A queued one ends at once, a running one within seconds: 202, and its state tells when. One that is over is refused with 409.")
            .Produces<TrainingRunResponse>(StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> PostAsync(
        HttpContext context, string name, TrainingRuns runs, IDbContextFactory<AnalyticsDbContext> contexts, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var (from, to, seed) = context.Request.ContentLength is null or 0 && context.Request.ContentType is null
            ? default
            : await ReadAsync(context.Request, check, cancellationToken);
        if (check.Problem is { } problem)
        {
            return problem;
        }

        var actor = Actor.Of(context);
        try
        {
            var run = await runs.EnqueueAsync(
                name, TrainingReason.Request, actor.Name, from, to, seed,
                (transaction, id) => AuditLog.Append(
                    transaction, time.GetUtcNow(), actor, AuditActions.TrainingRunQueued, $"model/{name}", null, new { RunId = id, From = from, To = to, Seed = seed }),
                cancellationToken);
            return run.IsNew
                ? TypedResults.Accepted($"/api/v1/training-runs/{run.RunId}", TrainingRunResponse.Of((await FindAsync(run.RunId, contexts, cancellationToken))!))
                : new Problem(StatusCodes.Status409Conflict, "training_run_open", $"Training run {run.RunId} of {name} is queued or running; wait for it or cancel it.");
        }
        catch (KeyNotFoundException e)
        {
            return ModelEndpoints.NotFound(e.Message);
        }
        catch (TrainingRefusedException e)
        {
            return new Problem(StatusCodes.Status422UnprocessableEntity, "training_refused", e.Message);
        }
    }

    private static async Task<Results<Ok<Page<TrainingRunResponse>>, Problem>> ListAsync(
        string? model, string? state, string? limit, string? cursor, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        check.OneOf("state", state, [.. TrainingRunState.All]);
        var after = check.Numbers(cursor, 1)?[0];
        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var runs = context.TrainingRuns.Where(r => (model == null || r.Name == model) && (state == null || r.State == state) && (after == null || r.RunId < after));
        var rows = await runs.OrderByDescending(r => r.RunId).Take(take + 1).ToListAsync(cancellationToken);
        return TypedResults.Ok(Page.Of(rows, take, TrainingRunResponse.Of, r => [r.RunId]));
    }

    private static async Task<Results<Ok<TrainingRunResponse>, Problem>> GetAsync(
        string run_id, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        if (!TryId(run_id, out var id, out var problem))
        {
            return problem;
        }

        return await FindAsync(id, contexts, cancellationToken) is { } row ? TypedResults.Ok(TrainingRunResponse.Of(row)) : NotFound(id);
    }

    private static async Task<IResult> DeleteAsync(
        HttpContext context, string run_id, TrainingRuns runs, IDbContextFactory<AnalyticsDbContext> contexts, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!TryId(run_id, out var id, out var problem))
        {
            return problem;
        }

        var actor = Actor.Of(context);
        var before = await runs.CancelAsync(
            id,
            (transaction, state) => AuditLog.Append(
                transaction, time.GetUtcNow(), actor, AuditActions.TrainingRunCancelled, $"training_run/{id}", new { State = state }, null),
            cancellationToken);
        return before switch
        {
            null => NotFound(id),
            TrainingRunState.Queued or TrainingRunState.Running => TypedResults.Accepted(
                $"/api/v1/training-runs/{id}", TrainingRunResponse.Of((await FindAsync(id, contexts, cancellationToken))!)),
            _ => new Problem(StatusCodes.Status409Conflict, "training_run_over", $"Training run {id} is over: {before}."),
        };
    }

    private static async Task<(DateTime? From, DateTime? To, long? Seed)> ReadAsync(HttpRequest request, QueryCheck check, CancellationToken cancellationToken)
    {
        var fields = await JsonFields.ReadAsync(request, check, Fields, cancellationToken);
        var from = check.Time("from", fields.Text("from", QueryCheck.AcceptedTime, isRequired: false));
        var to = check.Time("to", fields.Text("to", QueryCheck.AcceptedTime, isRequired: false));
        var seed = fields.Number("seed", AcceptedSeed, isRequired: false);
        if (seed is { } number && (number is < 0 or > int.MaxValue || number != Math.Floor(number)))
        {
            check.Refuse("seed", number.ToString(CultureInfo.InvariantCulture), AcceptedSeed);
        }

        return (from, to, (long?)seed);
    }

    private static bool TryId(string text, out long id, out Problem problem)
    {
        problem = null!;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id))
        {
            return true;
        }

        var check = new QueryCheck();
        check.Refuse("run_id", text, "the id of a training run, a whole number");
        problem = check.Problem!;
        return false;
    }

    private static async Task<TrainingRun?> FindAsync(long id, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.TrainingRuns.SingleOrDefaultAsync(r => r.RunId == id, cancellationToken);
    }

    private static Problem NotFound(long id) => new(StatusCodes.Status404NotFound, "training_run_not_found", $"There is no training run {id}.");
}

/// <summary>What to train on.</summary>
/// <param name="From">Begin of the window, event time; null: the profile's window before its end.</param>
/// <param name="To">End of the window, event time, exclusive; null: behind the newest reading.</param>
/// <param name="Seed">0 to 2,147,483,647; null: 42. The same readings and seed give the same model.</param>
public sealed record StartTrainingRequest(DateTime? From = null, DateTime? To = null, long? Seed = null);

/// <summary>A training run.</summary>
/// <param name="Reason"><c>schedule</c>, <c>request</c> or <c>drift</c>.</param>
/// <param name="State"><c>queued</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Stage">What a running one is at.</param>
/// <param name="Progress">0 to 1.</param>
/// <param name="From">Begin of the window, event time.</param>
/// <param name="To">End of the window, event time, exclusive.</param>
/// <param name="Host">Which host runs it.</param>
/// <param name="Attempts">How often it was begun; after three hosts that were gone it has failed.</param>
/// <param name="RowsRead">Readings of the window so far.</param>
/// <param name="Version">The version that it made.</param>
/// <param name="Error">Why it failed, or why the last try did not get through.</param>
public sealed record TrainingRunResponse(
    long Id, string Model, string Reason, string RequestedBy, DateTime RequestedAt, string State, string? Stage, double Progress, DateTime From, DateTime To,
    long Seed, string? Host, int Attempts, bool IsCancelRequested, DateTime? StartedAt, DateTime? FinishedAt, long RowsRead, string? Version, string? Error)
{
    internal static TrainingRunResponse Of(TrainingRun r) => new(
        r.RunId, r.Name, r.Reason, r.RequestedBy, r.RequestedAt, r.State, r.Stage, r.Progress, r.WindowFrom, r.WindowTo, r.Seed, r.Owner, r.Attempts,
        r.IsCancelRequested, r.StartedAt, r.FinishedAt, r.RowsRead, r.Version, r.Error);
}

using System.Data.Common;
using System.Globalization;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>PUT /models/{name}/champion</c>, <c>PUT|DELETE /models/{name}/shadow</c> and the history of both.</summary>
internal static class ModelAliasEndpoints
{
    private const string AcceptedVersion = "a version as text, for example \"3\"";
    private static readonly string[] ChampionFields = ["version", "reason", "expected_champion"];
    private static readonly string[] ShadowFields = ["version", "share", "reason"];
    private static readonly string AcceptedShare = string.Create(CultureInfo.InvariantCulture, $"0 to {ModelRegistry.MaxShadowShare}");

    public static void MapModelAliases(this IEndpointRouteBuilder api)
    {
        var model = api.MapGroup("/models/{name}").WithTags("Models");
        model.MapPut("/champion", PutChampionAsync).RequireScope(Scopes.ModelAdmin)
            .WithSummary("Promote a version, or go back to one")
            .WithDescription("With `expected_champion` only when that is the champion (409 when it is another one meanwhile). A version that cannot score the profile is refused (422). "
                + "The version that is the shadow stops being it.")
            .WithMetadata(new DescribedBody(typeof(SetChampionRequest)))
            .Produces<ModelAliasesResponse>();
        model.MapPut("/shadow", PutShadowAsync).RequireScope(Scopes.ModelAdmin)
            .WithSummary("Let a version score the same readings beside the champion")
            .WithDescription($"`share`: the share of the sensors whose readings it decides instead of the champion, {AcceptedShare}. Default 0: it decides nothing.")
            .WithMetadata(new DescribedBody(typeof(SetShadowRequest)))
            .Produces<ModelAliasesResponse>();
        model.MapDelete("/shadow", DeleteShadowAsync).RequireScope(Scopes.ModelAdmin)
            .WithSummary("Remove the shadow")
            .WithDescription("A model without a shadow stays so (204).")
            .Produces(StatusCodes.Status204NoContent);
        model.MapGet("/history", HistoryAsync).RequireScope(Scopes.Viewer).WithSummary("Every change of champion and shadow, newest first: who, when, why");
    }

    private static async Task<IResult> PutChampionAsync(
        HttpContext context, string name, ModelRegistry registry, IDbContextFactory<AnalyticsDbContext> contexts, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var fields = await JsonFields.ReadAsync(context.Request, check, ChampionFields, cancellationToken);
        var version = fields.Text("version", AcceptedVersion, isRequired: true);
        var reason = ChangeReason.Check(check, fields.Text("reason", ChangeReason.Accepted, isRequired: true));
        var expected = fields.Text("expected_champion", AcceptedVersion, isRequired: false);
        if (check.Problem is { } problem)
        {
            return problem;
        }

        var actor = Actor.Of(context);
        return await ChangeAsync(async () =>
        {
            var isSet = await registry.SetChampionAsync(name, version!, expected, actor.Name, reason!, Audited(time, actor, name, reason!), cancellationToken);
            var aliases = await AliasesAsync(name, contexts, cancellationToken);
            return isSet
                ? TypedResults.Ok(aliases)
                : new Problem(StatusCodes.Status409Conflict, "champion_changed", $"The champion of {name} is {aliases.Champion ?? "none"}, not {expected}: somebody was faster. Nothing was changed.");
        });
    }

    private static async Task<IResult> PutShadowAsync(
        HttpContext context, string name, ModelRegistry registry, IDbContextFactory<AnalyticsDbContext> contexts, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var fields = await JsonFields.ReadAsync(context.Request, check, ShadowFields, cancellationToken);
        var version = fields.Text("version", AcceptedVersion, isRequired: true);
        var share = fields.Number("share", AcceptedShare, isRequired: false) ?? 0;
        if (share is not (>= 0 and <= ModelRegistry.MaxShadowShare))
        {
            check.Refuse("share", share.ToString(CultureInfo.InvariantCulture), AcceptedShare);
        }

        var reason = ChangeReason.Check(check, fields.Text("reason", ChangeReason.Accepted, isRequired: true));
        if (check.Problem is { } problem)
        {
            return problem;
        }

        var actor = Actor.Of(context);
        return await ChangeAsync(async () =>
        {
            await registry.SetShadowAsync(name, version!, share, actor.Name, reason!, Audited(time, actor, name, reason!), cancellationToken);
            return TypedResults.Ok(await AliasesAsync(name, contexts, cancellationToken));
        });
    }

    private static async Task<IResult> DeleteShadowAsync(
        HttpContext context, string name, string? reason, ModelRegistry registry, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var why = ChangeReason.Check(check, reason ?? "");
        if (check.Problem is { } problem)
        {
            return problem;
        }

        var actor = Actor.Of(context);
        return await ChangeAsync(async () =>
        {
            await registry.SetShadowAsync(name, version: null, share: 0, actor.Name, why!, Audited(time, actor, name, why!), cancellationToken);
            return TypedResults.NoContent();
        });
    }

    private static async Task<Results<Ok<Page<AliasChangeResponse>>, Problem>> HistoryAsync(
        string name, string? alias, string? limit, string? cursor, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        check.OneOf("alias", alias, AliasChange.Champion, AliasChange.Shadow);
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

        var changes = context.ModelAliasChanges.Where(c => c.Name == name);
        changes = alias is null ? changes : changes.Where(c => c.Alias == alias);
        changes = after is null ? changes : changes.Where(c => c.ChangeId < after);
        var rows = await changes.OrderByDescending(c => c.ChangeId).Take(take + 1).ToListAsync(cancellationToken);
        return TypedResults.Ok(Page.Of(
            rows, take, c => new AliasChangeResponse(c.ChangeId, c.Alias, c.Version, c.Previous, c.Share, c.ChangedAt, c.ChangedBy, c.Reason), c => [c.ChangeId]));
    }

    private static async Task<IResult> ChangeAsync(Func<Task<IResult>> change)
    {
        try
        {
            return await change();
        }
        catch (KeyNotFoundException e)
        {
            return ModelEndpoints.NotFound(e.Message);
        }
        catch (Exception e) when (e is ModelRefusedException or ModelFileException or FileNotFoundException)
        {
            return new Problem(StatusCodes.Status422UnprocessableEntity, "model_refused", e.Message);
        }
    }

    private static Action<DbTransaction, AliasChange> Audited(TimeProvider time, Actor actor, string name, string reason) => (transaction, change) => AuditLog.Append(
        transaction, time.GetUtcNow(), actor, change.Alias == AliasChange.Champion ? AuditActions.ModelChampionSet : AuditActions.ModelShadowSet, $"model/{name}",
        new { Version = change.Previous }, new { change.Version, change.Share, Reason = reason });

    private static async Task<ModelAliasesResponse> AliasesAsync(string name, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var model = await context.Models.SingleAsync(m => m.Name == name, cancellationToken);
        return new ModelAliasesResponse(model.Name, model.Champion, model.Shadow, model.ShadowShare);
    }
}

/// <summary>A version to become the champion.</summary>
/// <param name="Reason">Why, for the history: 1 to 500 characters.</param>
/// <param name="ExpectedChampion">The champion that the decision was made on; null: whichever it is.</param>
public sealed record SetChampionRequest(string Version, string Reason, string? ExpectedChampion = null);

/// <summary>A version to become the shadow.</summary>
/// <param name="Share">Share of the sensors whose readings it decides, 0 to 0.5.</param>
/// <param name="Reason">Why, for the history: 1 to 500 characters.</param>
public sealed record SetShadowRequest(string Version, string Reason, double Share = 0);

/// <summary>What the aliases of a model mean now.</summary>
public sealed record ModelAliasesResponse(string Name, string? Champion, string? Shadow, double ShadowShare);

/// <summary>A change of an alias.</summary>
/// <param name="Id">Rises with time.</param>
/// <param name="Alias"><c>champion</c> or <c>shadow</c>.</param>
/// <param name="Version">What it means from then on; null: nothing.</param>
/// <param name="Previous">What it meant before.</param>
/// <param name="Share">Of the sensors that a shadow decides.</param>
/// <param name="By">A key's name, <c>bootstrap</c>, or whatever of the host did it.</param>
public sealed record AliasChangeResponse(long Id, string Alias, string? Version, string? Previous, double Share, DateTime At, string By, string Reason);

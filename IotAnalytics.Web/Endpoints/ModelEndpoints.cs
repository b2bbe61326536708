using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.SelfChecks;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /models</c>, their versions and each version's card.</summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder api)
    {
        var models = api.MapGroup("/models").WithTags("Models");
        models.MapGet("", ListAsync).RequireScope(Scopes.Viewer).WithSummary("Models: champion, shadow, and how they are")
            .WithDescription($"`state`: `{ModelCheck.Ok}`, or the first of `checks` that fail, from the worst to the least: {string.Join(", ", ModelCheck.All.Select(c => $"`{c}`"))}.");
        models.MapGet("/{name}/versions", VersionsAsync).RequireScope(Scopes.Viewer).WithSummary("Versions of a model, newest first");
        models.MapGet("/{name}/versions/{version}", VersionAsync).RequireScope(Scopes.Viewer).WithSummary("One version with its card");
    }

    private static async Task<Results<Ok<Page<ModelResponse>>, Problem>> ListAsync(
        string? limit, string? cursor, ModelStatuses statuses, IDbContextFactory<AnalyticsDbContext> contexts, DatabaseReader reader, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var after = check.Cursor(cursor, 1)?[0];
        if (check.Problem is { } problem)
        {
            return problem;
        }

        // Few: one for a profile. A profile without a model is in the list too, to say so.
        var all = await statuses.ReadAsync(cancellationToken);
        var precisions = await reader.ReadAsync(ModelRows.Precisions, cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var models = await context.Models.ToDictionaryAsync(m => m.Name, cancellationToken);
        var versions = (await context.ModelVersions.Select(v => new { v.Name, v.Version }).ToListAsync(cancellationToken)).ToLookup(v => v.Name, v => long.Parse(v.Version, CultureInfo.InvariantCulture));
        var rows = all.Where(s => after is null || string.CompareOrdinal(s.Name, after) > 0).Take(take + 1).ToList();
        return TypedResults.Ok(Page.Of(
            rows, take,
            s => ModelResponse.Of(
                s, models.GetValueOrDefault(s.Name), versions[s.Name].DefaultIfEmpty().Max(), PrecisionResponse.Of(precisions.GetValueOrDefault($"{s.Name}/{s.Champion}"))),
            s => [s.Name]));
    }

    private static async Task<Results<Ok<Page<ModelVersionResponse>>, Problem>> VersionsAsync(
        string name, string? limit, string? cursor, IDbContextFactory<AnalyticsDbContext> contexts, DatabaseReader reader, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var after = check.Numbers(cursor, 1)?[0];
        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (await context.Models.FirstOrDefaultAsync(m => m.Name == name, cancellationToken) is not { } model)
        {
            return NotFound($"There is no model '{name}'.");
        }

        // Versions are numbers written as text, and few.
        var rows = (await context.ModelVersions.Where(v => v.Name == name).ToListAsync(cancellationToken))
            .Where(v => after is null || Number(v) < after).OrderByDescending(Number).Take(take + 1).ToList();
        var precisions = await reader.ReadAsync(ModelRows.Precisions, cancellationToken);
        var verdicts = await GateVerdictsAsync(context, name, cancellationToken);
        return TypedResults.Ok(Page.Of(rows, take, v => Response(v, model, precisions, verdicts), v => [v.Version]));
    }

    private static async Task<Results<Ok<ModelVersionResponse>, Problem>> VersionAsync(
        string name, string version, IDbContextFactory<AnalyticsDbContext> contexts, DatabaseReader reader, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var model = await context.Models.FirstOrDefaultAsync(m => m.Name == name, cancellationToken);
        var row = await context.ModelVersions.FirstOrDefaultAsync(v => v.Name == name && v.Version == version, cancellationToken);
        return model is null || row is null
            ? NotFound($"There is no version '{version}' of a model '{name}'.")
            : TypedResults.Ok(Response(row, model, await reader.ReadAsync(ModelRows.Precisions, cancellationToken), await GateVerdictsAsync(context, name, cancellationToken)));
    }

    internal static Problem NotFound(string detail) => new(StatusCodes.Status404NotFound, "model_not_found", detail);

    private static long Number(ModelVersion version) => long.Parse(version.Version, CultureInfo.InvariantCulture);

    /// <summary>Of the newest report on each version.</summary>
    private static async Task<Dictionary<string, string>> GateVerdictsAsync(AnalyticsDbContext context, string name, CancellationToken cancellationToken)
    {
        var reports = await context.GateReports.Where(r => r.Name == name).OrderBy(r => r.ReportId).Select(r => new { r.Version, r.Verdict }).ToListAsync(cancellationToken);
        var verdicts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var report in reports)
        {
            verdicts[report.Version] = report.Verdict;
        }

        return verdicts;
    }

    private static ModelVersionResponse Response(ModelVersion v, Model model, Dictionary<string, VerdictPrecision> precisions, Dictionary<string, string> verdicts)
    {
        var isChampion = v.Version == model.Champion;
        string[] aliases = isChampion ? [AliasChange.Champion] : v.Version == model.Shadow ? [AliasChange.Shadow] : [];
        return new ModelVersionResponse(
            v.Name, v.Version, isChampion, aliases, v.CreatedAt, v.CreatedBy, v.TrainingRunId, verdicts.GetValueOrDefault(v.Version), PrecisionResponse.Of(precisions.GetValueOrDefault($"{v.Name}/{v.Version}")),
            v.Sha256, ApiJson.Parse(v.Card)!.Value);
    }
}

/// <summary>An immutable version of a model.</summary>
/// <param name="Aliases">What it is now: <c>champion</c>, <c>shadow</c>, or nothing.</param>
/// <param name="TrainingRunId">The run that made it; null for a bootstrap model and an imported one.</param>
/// <param name="GateVerdict"><c>promote</c>, <c>ask</c> or <c>refuse</c> of the gate's newest report; null: it was not judged.</param>
/// <param name="Sha256">Of the model file.</param>
/// <param name="Card">What it was trained on, how, and how well it did.</param>
public sealed record ModelVersionResponse(
    string Name, string Version, bool IsChampion, IReadOnlyList<string> Aliases, DateTime CreatedAt, string CreatedBy, long? TrainingRunId, string? GateVerdict,
    PrecisionResponse Precision, string Sha256, JsonElement Card);

/// <summary>What people said of the anomalies of a version.</summary>
/// <param name="Precision">Confirmed over confirmed and dismissed; null while nothing is judged.</param>
/// <param name="Low">Lower bound of Wilson's interval for 95 %.</param>
/// <param name="High">Upper bound.</param>
public sealed record PrecisionResponse(long Confirmed, long Dismissed, double? Precision, double? Low, double? High)
{
    internal static PrecisionResponse Of(VerdictPrecision verdicts) =>
        new(verdicts.Confirmed, verdicts.Dismissed, verdicts.Share, verdicts.Interval?.Low, verdicts.Interval?.High);
}

using System.Text.Json;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /audit</c>: who did what, newest first.</summary>
internal static class AuditEndpoints
{
    public static void MapAudit(this IEndpointRouteBuilder api) => api
        .MapGet("/audit", ListAsync).RequireScope(Scopes.Administrator).WithTags("Audit")
        .WithSummary("Who did what, when and from where, newest first")
        .WithDescription($"`action`: {string.Join(", ", AuditActions.All)}.");

    private static async Task<Results<Ok<Page<AuditEntryResponse>>, Problem>> ListAsync(
        string? action, string? from, string? to, string? limit, string? cursor,
        IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var start = check.Time("from", from);
        var end = check.Time("to", to);
        check.OneOf("action", action, AuditActions.All);
        var after = check.Numbers(cursor, 1)?[0];
        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var entries = context.AuditEntries.AsQueryable();
        entries = action is null ? entries : entries.Where(e => e.Action == action);
        entries = start is null ? entries : entries.Where(e => e.At >= start);
        entries = end is null ? entries : entries.Where(e => e.At < end);
        entries = after is null ? entries : entries.Where(e => e.AuditId < after);
        var rows = await entries.OrderByDescending(e => e.AuditId).Take(take + 1).ToListAsync(cancellationToken);
        return TypedResults.Ok(Page.Of(rows, take, Response, e => [e.AuditId]));
    }

    private static AuditEntryResponse Response(AuditEntry e) => new(
        e.AuditId, e.At, e.Actor, e.ActorKeyId, e.Source, e.Action, e.Target, ApiJson.Parse(e.Before), ApiJson.Parse(e.After), e.TraceId);
}

/// <summary>Something that was done.</summary>
/// <param name="Id">Rises with time.</param>
/// <param name="Actor">A key's name, <c>login link</c>, <c>command line</c> or <c>host</c>.</param>
/// <param name="ActorKeyId">The key that acted; null when none did.</param>
/// <param name="Source">Remote address, or user and machine of a command line.</param>
/// <param name="Target">For example <c>api_key/7</c>.</param>
/// <param name="Before">The target before; null when there was none.</param>
/// <param name="After">The target after.</param>
/// <param name="TraceId">Of the request; finds its lines in the log.</param>
public sealed record AuditEntryResponse(
    long Id, DateTime At, string Actor, int? ActorKeyId, string Source, string Action, string Target, JsonElement? Before, JsonElement? After, string? TraceId);

using System.Globalization;
using System.Text;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /dead-letters</c>: items that could not become readings, newest first.</summary>
internal static class DeadLetterEndpoints
{
    public static void MapDeadLetters(this IEndpointRouteBuilder api) => api
        .MapGet("/dead-letters", ListAsync).RequireScope(Scopes.Viewer).WithTags("Dead letters").WithSummary("Items that could not become readings, newest first, with the reason");

    private static async Task<Results<Ok<Page<DeadLetterResponse>>, Problem>> ListAsync(
        string? reason, string? from, string? to, string? limit, string? cursor,
        IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var start = check.Time("from", from);
        var end = check.Time("to", to);
        var after = check.Numbers(cursor, 5);
        var before = after is null ? null : check.CursorTime(cursor!, after[0].ToString(CultureInfo.InvariantCulture));
        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var letters = context.DeadLetters.AsQueryable();
        letters = reason is null ? letters : letters.Where(d => d.Reason == reason);
        letters = start is null ? letters : letters.Where(d => d.RecordTime >= start);
        letters = end is null ? letters : letters.Where(d => d.RecordTime < end);
        letters = after is null ? letters : Before(letters, before!.Value, (int)after[1], (int)after[2], after[3], (int)after[4]);
        var rows = await letters
            .OrderByDescending(d => d.RecordTime).ThenByDescending(d => d.SourceId).ThenByDescending(d => d.Partition)
            .ThenByDescending(d => d.RecordOffset).ThenByDescending(d => d.Item)
            .Take(take + 1).ToListAsync(cancellationToken);
        return TypedResults.Ok(Page.Of(rows, take, Response, d =>
            [QueryCheck.CursorTime(d.RecordTime), d.SourceId, d.Partition, d.RecordOffset, d.Item]));
    }

    /// <summary>Rows behind a position of the descending order.</summary>
    private static IQueryable<DeadLetterRow> Before(IQueryable<DeadLetterRow> rows, DateTime time, int source, int partition, long offset, int item) =>
        rows.Where(d =>
            d.RecordTime < time
            || (d.RecordTime == time && (d.SourceId < source
                || (d.SourceId == source && (d.Partition < partition
                    || (d.Partition == partition && (d.RecordOffset < offset || (d.RecordOffset == offset && d.Item < item))))))));

    private static DeadLetterResponse Response(DeadLetterRow d) => new(
        $"{d.SourceId}-{d.Partition}-{d.RecordOffset}-{d.Item}", d.Reason, d.Detail, d.RecordTime, d.PayloadHead is null ? null : Encoding.UTF8.GetString(d.PayloadHead));
}

/// <summary>An item that could not become a reading.</summary>
/// <param name="Id">Identity of the item: <c>&lt;source&gt;-&lt;partition&gt;-&lt;offset&gt;-&lt;item&gt;</c>.</param>
/// <param name="Reason">Stable name, for example <c>missing_timestamp</c>.</param>
/// <param name="Detail">Field, value and what is accepted.</param>
/// <param name="RecordTime">When the record arrived.</param>
/// <param name="PayloadHead">Its first 4 KiB; bytes that are not UTF-8 are replaced. Bronze has it as received.</param>
public sealed record DeadLetterResponse(string Id, string Reason, string? Detail, DateTime RecordTime, string? PayloadHead);

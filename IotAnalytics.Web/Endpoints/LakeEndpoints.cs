using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /lake/tables</c>: the three Delta tables at a glance.</summary>
internal static class LakeEndpoints
{
    public static void MapLake(this IEndpointRouteBuilder api) => api
        .MapGet("/lake/tables", GetAsync).RequireScope(Scopes.Viewer).WithTags("Lake").WithSummary("The Delta tables: version, rows, files, bytes, and what waits to be published");

    private static async Task<Ok<Page<LakeTableResponse>>> GetAsync(LakeTablesQuery tables, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Page<LakeTableResponse>(
            [.. (await tables.ReadAsync(cancellationToken)).Select(t => new LakeTableResponse(
                t.Name, t.Path, t.Version, t.CheckpointVersion, t.Rows, t.Files, t.Bytes, t.FirstDate, t.LastDate, t.WaitingFiles, t.WaitingRows, t.Stopped))],
            NextCursor: null));
}

/// <summary>A Delta table.</summary>
/// <param name="Table"><c>bronze</c>, <c>silver</c> or <c>gold</c>.</param>
/// <param name="Path">Below the lake's store.</param>
/// <param name="Version">Newest version; -1 before the first.</param>
/// <param name="Rows">In the newest version.</param>
/// <param name="WaitingFiles">Committed files that the next publication will add.</param>
/// <param name="Stopped">Why the table is published no more, or null.</param>
public sealed record LakeTableResponse(
    string Table, string Path, long Version, long? CheckpointVersion, long Rows, long Files, long Bytes, DateOnly? FirstDate, DateOnly? LastDate,
    long WaitingFiles, long WaitingRows, string? Stopped);

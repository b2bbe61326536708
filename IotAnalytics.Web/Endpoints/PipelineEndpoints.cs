using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /pipeline</c>: how far each partition has come and what its worker does.</summary>
internal static class PipelineEndpoints
{
    public static void MapPipeline(this IEndpointRouteBuilder api) => api
        .MapGet("/pipeline", GetAsync).RequireScope(Scopes.Viewer).WithTags("Pipeline").WithSummary("Totals and, for each partition, the three offsets, lag, owner and spool");

    private static async Task<Ok<PipelineResponse>> GetAsync(
        PipelineMonitor monitor, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.StreamPartitions.OrderBy(p => p.SourceId).ThenBy(p => p.Partition).ToListAsync(cancellationToken);
        var lost = await context.LostRanges.OrderBy(l => l.SourceId).ThenBy(l => l.Partition).ThenBy(l => l.FirstOffset)
            .Select(l => new LostRangeResponse(l.SourceId, l.Partition, l.FirstOffset, l.NextOffset, l.SeenAt)).ToListAsync(cancellationToken);
        var roles = await context.HostRoles.OrderBy(r => r.Role).Select(r => new RoleResponse(r.Role, r.Owner, r.TakenAt)).ToListAsync(cancellationToken);
        var here = monitor.Partitions.ToDictionary(p => (p.SourceId, p.Partition));
        var totals = monitor.Totals;
        return TypedResults.Ok(new PipelineResponse(
            monitor.IsReady,
            new TotalsResponse(totals.Readings, totals.Normal, totals.Anomalies, totals.DeadLetters, totals.Duplicates, totals.NotScored, totals.Late),
            [.. rows.Select(r => Response(r, here.GetValueOrDefault((r.SourceId, r.Partition))))],
            lost,
            roles));
    }

    /// <summary>The offsets are the database's: what the worker of another host has committed too.</summary>
    private static PartitionResponse Response(StreamPartition row, PartitionState? state) => new(
        row.SourceId, row.Partition, row.Owner, row.OwnerEpoch, row.ClaimedAt, row.FastOffset, row.RollupOffset, row.LakeOffset,
        state?.Status ?? "elsewhere", state?.Reason, state?.HighWatermark, state?.LagRecords, state?.LagSeconds, state?.SpoolBytes, state?.Retries,
        state?.VisibleP50Ms, state?.VisibleP99Ms);
}

/// <summary>What the pipeline does.</summary>
/// <param name="Ready">Every partition of this host is claimed and has its model.</param>
/// <param name="Totals">Since this host started.</param>
/// <param name="LostRanges">Records that the log forgot before they reached the lake.</param>
/// <param name="Roles">What one host does for all of them, where several share the database; empty on a database of its own.</param>
public sealed record PipelineResponse(
    bool Ready, TotalsResponse Totals, IReadOnlyList<PartitionResponse> Partitions, IReadOnlyList<LostRangeResponse> LostRanges,
    IReadOnlyList<RoleResponse> Roles);

/// <summary>readings = normal + anomalies + dead_letters + duplicates.</summary>
public sealed record TotalsResponse(long Readings, long Normal, long Anomalies, long DeadLetters, long Duplicates, long NotScored, long Late);

/// <summary>A partition of the log.</summary>
/// <param name="FastOffset">Anomalies, dead letters and totals are in the database below it.</param>
/// <param name="RollupOffset">Roll-ups are in the database below it.</param>
/// <param name="LakeOffset">All layers of the lake are committed below it; a restart begins here.</param>
/// <param name="Status"><c>starting</c>, <c>running</c>, <c>paused</c>, <c>stopped</c>, <c>failed</c>, or <c>elsewhere</c> when this host does not own it.</param>
/// <param name="Reason">Why it is paused or failed.</param>
/// <param name="LagRecords">Records that wait in the log.</param>
/// <param name="LagSeconds">Age of the oldest of them.</param>
/// <param name="SpoolBytes">Encoded cuts that wait on local disk.</param>
/// <param name="Retries">Times a sink was tried again.</param>
/// <param name="VisibleP99Ms">From append to visible in the database, 99th percentile, milliseconds.</param>
public sealed record PartitionResponse(
    int SourceId, int Partition, string? Owner, long OwnerEpoch, DateTime? ClaimedAt, long FastOffset, long RollupOffset, long LakeOffset,
    string Status, string? Reason, long? HighWatermark, long? LagRecords, double? LagSeconds, long? SpoolBytes, long? Retries,
    double? VisibleP50Ms, double? VisibleP99Ms);

/// <summary>[first, next) of a partition is not in the lake.</summary>
public sealed record LostRangeResponse(int SourceId, int Partition, long FirstOffset, long NextOffset, DateTime SeenAt);

/// <summary>A role and the host that has it.</summary>
/// <param name="Role"><c>publisher</c> (versions of the Delta tables) or <c>upkeep</c> (retention, compaction, vacuum).</param>
public sealed record RoleResponse(string Role, string Owner, DateTime TakenAt);

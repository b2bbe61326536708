using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /anomalies</c>, newest event first, and <c>/anomalies/{id}</c>.</summary>
internal static class AnomalyEndpoints
{
    private const string NoVerdict = "none";
    private static readonly string[] Severities = ["low", "medium", "high", "critical"];

    public static void MapAnomalies(this IEndpointRouteBuilder api)
    {
        var anomalies = api.MapGroup("/anomalies").WithTags("Anomalies");
        anomalies.MapGet("", ListAsync).RequireScope(Scopes.Viewer).WithSummary("Anomalies, newest event first");
        anomalies.MapGet("/{id}", GetAsync).RequireScope(Scopes.Viewer).WithSummary("One anomaly with its explanation");
    }

    private static async Task<Results<Ok<Page<AnomalyResponse>>, Problem>> ListAsync(
        string? sensor_id, string? profile, string? from, string? to, string? min_severity, string? verdict, string? limit, string? cursor,
        IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var start = check.Time("from", from);
        var end = check.Time("to", to);
        check.OneOf("min_severity", min_severity, Severities);
        check.OneOf("verdict", verdict, [.. Verdicts.All, NoVerdict]);
        var after = check.Numbers(cursor, 5);
        var before = after is null ? null : check.CursorTime(cursor!, after[0].ToString(CultureInfo.InvariantCulture));
        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = context.Anomalies.Join(context.Sensors, a => a.SensorKey, s => s.SensorKey, (a, s) => new Row { Anomaly = a, SensorId = s.SensorId, Profile = s.Profile });
        rows = sensor_id is null ? rows : rows.Where(r => r.SensorId == sensor_id);
        rows = profile is null ? rows : rows.Where(r => r.Profile == profile);
        rows = start is null ? rows : rows.Where(r => r.Anomaly.EventTime >= start);
        rows = end is null ? rows : rows.Where(r => r.Anomaly.EventTime < end);
        if (min_severity is not null)
        {
            var wanted = Severities[Array.IndexOf(Severities, min_severity)..];
            rows = rows.Where(r => wanted.Contains(r.Anomaly.Severity));
        }

        rows = verdict switch
        {
            null => rows,
            NoVerdict => rows.Where(r => r.Anomaly.Verdict == null),
            _ => rows.Where(r => r.Anomaly.Verdict == verdict),
        };
        rows = after is null ? rows : Before(rows, before!.Value, (int)after[1], (int)after[2], after[3], (int)after[4]);
        var page = await rows
            .OrderByDescending(r => r.Anomaly.EventTime).ThenByDescending(r => r.Anomaly.SourceId).ThenByDescending(r => r.Anomaly.Partition)
            .ThenByDescending(r => r.Anomaly.RecordOffset).ThenByDescending(r => r.Anomaly.Item)
            .Take(take + 1).ToListAsync(cancellationToken);
        return TypedResults.Ok(Page.Of(page, take, Response, r =>
            [QueryCheck.CursorTime(r.Anomaly.EventTime), r.Anomaly.SourceId, r.Anomaly.Partition, r.Anomaly.RecordOffset, r.Anomaly.Item]));
    }

    private static async Task<Results<Ok<AnomalyResponse>, Problem>> GetAsync(
        string id, IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        if (ReadingId.Parse(id) is not { Item: { } item } reading)
        {
            return ReadingId.Refuse("id", id, ReadingId.OfItem);
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await FindAsync(context, reading, item, cancellationToken) is { } found ? TypedResults.Ok(found) : NotFound(id);
    }

    internal static Problem NotFound(string id) => new(StatusCodes.Status404NotFound, "anomaly_not_found", $"There is no anomaly {id}.");

    internal static async Task<AnomalyResponse?> FindAsync(AnalyticsDbContext context, ReadingId reading, int item, CancellationToken cancellationToken)
    {
        var row = await context.Anomalies
            .Where(a => a.SourceId == reading.Source && a.Partition == reading.Partition && a.RecordOffset == reading.Offset && a.Item == item)
            .Join(context.Sensors, a => a.SensorKey, s => s.SensorKey, (a, s) => new Row { Anomaly = a, SensorId = s.SensorId, Profile = s.Profile })
            .FirstOrDefaultAsync(cancellationToken);
        return row is null ? null : Response(row);
    }

    /// <summary>Rows behind a position of the descending order.</summary>
    private static IQueryable<Row> Before(IQueryable<Row> rows, DateTime time, int source, int partition, long offset, int item) => rows.Where(r =>
        r.Anomaly.EventTime < time
        || (r.Anomaly.EventTime == time && (r.Anomaly.SourceId < source
            || (r.Anomaly.SourceId == source && (r.Anomaly.Partition < partition
                || (r.Anomaly.Partition == partition && (r.Anomaly.RecordOffset < offset
                    || (r.Anomaly.RecordOffset == offset && r.Anomaly.Item < item))))))));

    private static AnomalyResponse Response(Row row)
    {
        var a = row.Anomaly;
        return new AnomalyResponse(
            $"{a.SourceId}-{a.Partition}-{a.RecordOffset}-{a.Item}", row.SensorId, row.Profile, a.EventTime, a.RecordTime, a.DetectedAt,
            a.AnomalyScore, a.Threshold, a.AnomalyScore / a.Threshold, a.Rarity, a.Severity, a.TopMeasurement,
            ApiJson.Parse(a.Measurements)!.Value, ApiJson.Parse(a.Explanation)!.Value, a.Detector, a.ModelVersion, a.OtherVersion, a.IsOtherAnomaly,
            FlagNames.Of(a.Flags), a.Verdict, a.VerdictBy, a.VerdictAt);
    }

    /// <summary>With members to set: the query provider sees through those, not through a constructor.</summary>
    private sealed record Row
    {
        public required Anomaly Anomaly { get; init; }
        public required string SensorId { get; init; }
        public required string Profile { get; init; }
    }
}

/// <summary>A reading above its model's threshold.</summary>
/// <param name="Id"><c>&lt;source&gt;-&lt;partition&gt;-&lt;offset&gt;-&lt;item&gt;</c>, the identity of the reading.</param>
/// <param name="AnomalyScore">0..1.</param>
/// <param name="ScoreRatio">Score over threshold; 1 is at the limit.</param>
/// <param name="Rarity">Share of reference readings that score as high: 0.001 reads "1 in 1,000".</param>
/// <param name="Severity"><c>low</c>, <c>medium</c>, <c>high</c> or <c>critical</c>.</param>
/// <param name="TopMeasurement">The measurement that contributes most.</param>
/// <param name="Explanation">Contributions and expected ranges by measurement.</param>
/// <param name="ModelVersion">The version that decided.</param>
/// <param name="OtherVersion">The version that scored beside it: the shadow, or the champion where the shadow decided; null for none.</param>
/// <param name="IsOtherAnomaly">Whether that one flagged the reading too.</param>
/// <param name="Verdict"><c>confirmed</c>, <c>dismissed</c>, or null while nobody has judged it.</param>
/// <param name="VerdictBy">Name of the key that judged.</param>
public sealed record AnomalyResponse(
    string Id, string SensorId, string Profile, DateTime EventTime, DateTime RecordTime, DateTime DetectedAt, double AnomalyScore, double Threshold,
    double ScoreRatio, double Rarity, string Severity, string TopMeasurement, JsonElement Measurements, JsonElement Explanation, string Detector,
    string ModelVersion, string? OtherVersion, bool? IsOtherAnomaly, IReadOnlyList<string> Flags, string? Verdict, string? VerdictBy, DateTime? VerdictAt);

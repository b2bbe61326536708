using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;

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
        DatabaseReader reader, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var start = check.Time("from", from);
        var end = check.Time("to", to);
        check.OneOf("min_severity", min_severity, Severities);
        check.OneOf("verdict", verdict, [.. Verdicts.All, NoVerdict]);
        var before = Position(check, cursor);
        if (check.Problem is { } problem)
        {
            return problem;
        }

        var filter = new AnomalyFilter(
            sensor_id, profile, Bound(start), Bound(end), min_severity is null ? null : Severities[Array.IndexOf(Severities, min_severity)..],
            verdict == NoVerdict ? null : verdict, verdict == NoVerdict, before);
        var rows = await reader.ReadAsync(transaction => AnomalyRows.List(transaction, filter, take + 1), cancellationToken);
        return TypedResults.Ok(Page.Of(rows, take, r => r.Anomaly, r =>
            [QueryCheck.CursorTime(r.Anomaly.EventTime), r.Id.Source, r.Id.Partition, r.Id.Offset, r.Id.Item!]));
    }

    private static async Task<Results<Ok<AnomalyResponse>, Problem>> GetAsync(string id, DatabaseReader reader, CancellationToken cancellationToken)
    {
        if (ReadingId.Parse(id) is not { Item: not null } reading)
        {
            return ReadingId.Refuse("id", id, ReadingId.OfItem);
        }

        return await reader.ReadAsync(transaction => AnomalyRows.Find(transaction, reading), cancellationToken) is { } found ? TypedResults.Ok(found) : NotFound(id);
    }

    internal static Problem NotFound(string id) => new(StatusCodes.Status404NotFound, "anomaly_not_found", $"There is no anomaly {id}.");

    private static (DbTime Time, ReadingId Id)? Position(QueryCheck check, string? cursor) =>
        check.Numbers(cursor, 5) is { } after && check.CursorTime(cursor!, after[0].ToString(CultureInfo.InvariantCulture)) is not null
            ? (new DbTime(after[0]), new ReadingId((int)after[1], (int)after[2], after[3], (int)after[4]))
            : null;

    /// <summary>Event times are whole milliseconds: the first of them that is not before <paramref name="time"/>.</summary>
    private static DbTime? Bound(DateTime? time) =>
        time is { } t ? new DbTime(((t.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMillisecond)) : null;
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

using System.Buffers.Text;
using System.Text;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /sensors/{sensor_id}/readings</c>: committed rows out of the lake, oldest event first.</summary>
internal static class SensorReadingsEndpoints
{
    private static readonly TimeSpan DefaultRange = TimeSpan.FromHours(1);

    public static void MapSensorReadings(this IEndpointRouteBuilder api) => api
        .MapGet("/sensors/{sensor_id}/readings", GetAsync).RequireScope(Scopes.Viewer).WithTags("Sensors")
        .WithSummary("Committed readings of a sensor from the lake, oldest event first")
        .WithDescription("Normal and anomalous ones. A reading appears when its cut is committed (`Lake:CutAge`). Default: the last hour.");

    private static async Task<Results<Ok<Page<SensorReadingResponse>>, Problem>> GetAsync(
        string sensor_id, string? from, string? to, string? limit, string? cursor,
        SensorReadingsQuery readings, IDbContextFactory<AnalyticsDbContext> contexts, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var end = check.Time("to", to) ?? time.GetUtcNow().UtcDateTime;
        var start = check.Time("from", from) ?? (end - DateTime.MinValue > DefaultRange ? end - DefaultRange : DateTime.MinValue);
        var after = check.Cursor(cursor, 1)?[0];
        if (start > end)
        {
            check.Refuse("from", $"{start:O}", $"a time up to 'to' ({end:O})");
        }

        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using (var context = await contexts.CreateDbContextAsync(cancellationToken))
        {
            if (await context.FindSensorAsync(sensor_id, cancellationToken) is null)
            {
                return SensorEndpoints.NotFound(sensor_id);
            }
        }

        try
        {
            var page = await readings.ReadAsync(sensor_id, start, end, take, after, cancellationToken);
            return TypedResults.Ok(new Page<SensorReadingResponse>(
                [.. page.Items.Select(Response)], page.NextCursor is null ? null : Base64Url.EncodeToString(Encoding.UTF8.GetBytes(page.NextCursor))));
        }
        catch (FormatException)
        {
            check.Refuse("cursor", cursor!, "the next_cursor of the page before");
            return check.Problem!;
        }
    }

    private static SensorReadingResponse Response(SensorReading r) => new(
        $"{r.SourceId}-{r.Partition}-{r.RecordOffset}-{r.Item}",
        DateTimeOffset.FromUnixTimeMilliseconds(r.EventMs).UtcDateTime,
        DateTimeOffset.FromUnixTimeMilliseconds(r.RecordMs).UtcDateTime,
        r.Measurements, r.IsAnomaly, r.AnomalyScore, r.Threshold, r.Severity, r.TopMeasurement, r.ModelVersion, FlagNames.Of(r.Flags));
}

/// <summary>A committed reading.</summary>
/// <param name="Id">Identity: <c>&lt;source&gt;-&lt;partition&gt;-&lt;offset&gt;-&lt;item&gt;</c>.</param>
/// <param name="Measurements">Those that were there.</param>
/// <param name="AnomalyScore">0..1; null when it was not scored.</param>
/// <param name="Severity">Null unless it is an anomaly.</param>
public sealed record SensorReadingResponse(
    string Id, DateTime EventTime, DateTime RecordTime, IReadOnlyDictionary<string, double> Measurements, bool IsAnomaly, double? AnomalyScore,
    double? Threshold, string? Severity, string? TopMeasurement, string? ModelVersion, IReadOnlyList<string> Flags);

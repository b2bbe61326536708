using System.Text.Json;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /sensors</c> and <c>/sensors/{sensor_id}</c>: who reports, and what it said last by event time.</summary>
internal static class SensorEndpoints
{
    /// <summary>A sensor that missed this many expected intervals is silent.</summary>
    private const int SilentIntervals = 3;

    public static void MapSensors(this IEndpointRouteBuilder api)
    {
        var sensors = api.MapGroup("/sensors").WithTags("Sensors");
        sensors.MapGet("", ListAsync).RequireScope(Scopes.Viewer).WithSummary("Sensors by id, with their last reading");
        sensors.MapGet("/{sensor_id}", GetAsync).RequireScope(Scopes.Viewer).WithSummary("One sensor with its last reading");
    }

    private static async Task<Results<Ok<Page<SensorResponse>>, Problem>> ListAsync(
        string? profile, string? limit, string? cursor,
        IDbContextFactory<AnalyticsDbContext> contexts, ProfileCatalog catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var after = check.Cursor(cursor, 1)?[0];
        check.OneOf("profile", profile, [.. catalog.Profiles.Select(p => p.Name)]);
        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var sensors = context.Sensors.AsQueryable();
        sensors = profile is null ? sensors : sensors.Where(s => s.Profile == profile);
        sensors = after is null ? sensors : sensors.Where(s => string.Compare(s.SensorId, after) > 0);
        var rows = await sensors.OrderBy(s => s.SensorId).Take(take + 1).ToListAsync(cancellationToken);
        return TypedResults.Ok(Page.Of(rows, take, s => Response(s, catalog, time), s => [s.SensorId]));
    }

    private static async Task<Results<Ok<SensorResponse>, Problem>> GetAsync(
        string sensor_id, IDbContextFactory<AnalyticsDbContext> contexts, ProfileCatalog catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.FindSensorAsync(sensor_id, cancellationToken) is { } sensor
            ? TypedResults.Ok(Response(sensor, catalog, time))
            : NotFound(sensor_id);
    }

    public static Task<Sensor?> FindSensorAsync(this AnalyticsDbContext context, string sensorId, CancellationToken cancellationToken) =>
        context.Sensors.FirstOrDefaultAsync(s => s.SensorId == sensorId, cancellationToken);

    public static Problem NotFound(string sensorId) =>
        new(StatusCodes.Status404NotFound, "sensor_not_found", $"No sensor '{(sensorId.Length <= 128 ? sensorId : sensorId[..128])}' has been seen.");

    private static SensorResponse Response(Sensor sensor, ProfileCatalog catalog, TimeProvider time)
    {
        // A profile that is no longer configured has no interval to miss.
        var profile = catalog.IndexOf(sensor.Profile);
        var silentAfter = profile < 0 ? TimeSpan.MaxValue : catalog.Profiles[profile].ExpectedInterval * SilentIntervals;
        var silent = time.GetUtcNow().UtcDateTime - (sensor.LastRecordTime ?? sensor.FirstSeenAt) > silentAfter;
        return new SensorResponse(
            sensor.SensorId, sensor.Profile, silent ? "silent" : "reporting", sensor.FirstSeenAt, sensor.LastEventTime, sensor.LastRecordTime,
            ApiJson.Parse(sensor.LastMeasurements), sensor.LastScore, FlagNames.Of(sensor.LastFlags));
    }
}

/// <summary>A sensor.</summary>
/// <param name="Status"><c>reporting</c>, or <c>silent</c> when it missed three expected intervals.</param>
/// <param name="LastEventTime">When its newest reading was taken.</param>
/// <param name="LastRecordTime">When that reading arrived.</param>
/// <param name="LastMeasurements">Measurement name to value.</param>
/// <param name="LastScore">Anomaly score 0..1; null when it was not scored.</param>
public sealed record SensorResponse(
    string SensorId, string Profile, string Status, DateTime FirstSeenAt, DateTime? LastEventTime, DateTime? LastRecordTime,
    JsonElement? LastMeasurements, double? LastScore, IReadOnlyList<string> LastFlags);

using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /sensors/{sensor_id}/metrics</c>: roll-ups by minute or by hour of event time.</summary>
internal static class SensorMetricsEndpoints
{
    private const string Minute = "1m";
    private const string Hour = "1h";
    private static readonly TimeSpan DefaultMinuteRange = TimeSpan.FromHours(1);
    private static readonly TimeSpan DefaultHourRange = TimeSpan.FromDays(7);

    public static void MapSensorMetrics(this IEndpointRouteBuilder api) => api
        .MapGet("/sensors/{sensor_id}/metrics", GetAsync).RequireScope(Scopes.Viewer).WithTags("Sensors")
        .WithSummary("Roll-ups of a sensor by minute (7 days) or by hour (2 years)");

    private static async Task<Results<Ok<Page<SensorMetricResponse>>, Problem>> GetAsync(
        string sensor_id, string? from, string? to, string? bucket, string? measurement, string? limit, string? cursor,
        IDbContextFactory<AnalyticsDbContext> contexts, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var byHour = check.OneOf("bucket", bucket, Minute, Hour) == Hour;
        var end = check.Time("to", to) ?? time.GetUtcNow().UtcDateTime;
        var start = check.Time("from", from) ?? Earlier(end, byHour ? DefaultHourRange : DefaultMinuteRange);
        var after = check.Cursor(cursor, 2);
        var afterStart = after is null ? (DateTime?)null : check.CursorTime(cursor!, after[0]);
        if (start > end)
        {
            check.Refuse("from", $"{start:O}", $"a time up to 'to' ({end:O})");
        }

        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (await context.FindSensorAsync(sensor_id, cancellationToken) is not { } sensor)
        {
            return SensorEndpoints.NotFound(sensor_id);
        }

        // A whole hour at the cursor is read again: the measurements behind the cursor's own are still to come.
        var first = afterStart ?? start;
        var rows = byHour
            ? await HoursAsync(context, sensor.SensorKey, first, end, measurement, cancellationToken)
            : await Range(context.SensorMinutes, sensor.SensorKey, first, end, measurement).Take(take + 1 + MaxMeasurements).ToListAsync<SensorRollup>(cancellationToken);
        var following = rows.Where(r => afterStart is null || r.BucketStart > afterStart || string.CompareOrdinal(r.Measurement, after![1]) > 0).ToList();
        return TypedResults.Ok(Page.Of(following, take, Response, r => [QueryCheck.CursorTime(r.BucketStart), r.Measurement]));
    }

    /// <summary>More measurements than a profile has: rows of the cursor's own bucket that may be read again.</summary>
    private const int MaxMeasurements = 1000;

    private static IQueryable<T> Range<T>(IQueryable<T> rollups, int sensorKey, DateTime from, DateTime to, string? measurement)
        where T : SensorRollup
    {
        var range = rollups.Where(r => r.SensorKey == sensorKey && r.BucketStart >= from && r.BucketStart < to);
        range = measurement is null ? range : range.Where(r => r.Measurement == measurement);
        return range.OrderBy(r => r.BucketStart).ThenBy(r => r.Measurement);
    }

    /// <summary>Hours that are rolled up already and, for the last days, the sum of their minutes; an hour may be partly both.</summary>
    private static async Task<List<SensorRollup>> HoursAsync(
        AnalyticsDbContext context, int sensorKey, DateTime from, DateTime to, string? measurement, CancellationToken cancellationToken)
    {
        var start = HourOf(from);
        var hours = await Range(context.SensorHours, sensorKey, start, to, measurement).ToListAsync<SensorRollup>(cancellationToken);
        var minutes = await Range(context.SensorMinutes, sensorKey, start, to, measurement).ToListAsync<SensorRollup>(cancellationToken);
        return
        [
            .. hours.Concat(minutes).GroupBy(r => (Hour: HourOf(r.BucketStart), r.Measurement)).Select(Sum)
                .OrderBy(r => r.BucketStart).ThenBy(r => r.Measurement, StringComparer.Ordinal),
        ];
    }

    private static SensorRollup Sum(IGrouping<(DateTime Hour, string Measurement), SensorRollup> parts) => new SensorHour
    {
        Measurement = parts.Key.Measurement,
        BucketStart = parts.Key.Hour,
        ReadingCount = parts.Sum(p => p.ReadingCount),
        ValueMin = parts.Min(p => p.ValueMin),
        ValueMax = parts.Max(p => p.ValueMax),
        ValueSum = parts.Sum(p => p.ValueSum),
        ValueSumSquares = parts.Sum(p => p.ValueSumSquares),
        AnomalyCount = parts.Sum(p => p.AnomalyCount),
        ScoreMax = parts.Max(p => p.ScoreMax),
    };

    private static DateTime HourOf(DateTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerHour), DateTimeKind.Utc);

    private static DateTime Earlier(DateTime time, TimeSpan range) => time.Ticks > range.Ticks ? time - range : DateTime.MinValue;

    private static SensorMetricResponse Response(SensorRollup r)
    {
        var mean = r.ReadingCount == 0 ? (double?)null : r.ValueSum / r.ReadingCount;
        // From sums: rounding may leave a tiny negative number where all values are equal.
        var variance = mean is null ? (double?)null : Math.Max(0, (r.ValueSumSquares / r.ReadingCount) - (mean.Value * mean.Value));
        return new SensorMetricResponse(
            r.BucketStart, r.Measurement, r.ReadingCount, r.ValueMin, r.ValueMax, mean, variance is { } v ? Math.Sqrt(v) : null, r.AnomalyCount, r.ScoreMax);
    }
}

/// <summary>A measurement of a sensor over one bucket of event time.</summary>
/// <param name="BucketStart">The bucket is [start, start + 1 minute or 1 hour).</param>
/// <param name="ReadingCount">Readings that had this measurement.</param>
/// <param name="ValueDeviation">Standard deviation of the population.</param>
/// <param name="ScoreMax">Highest anomaly score, 0..1; null when none was scored.</param>
public sealed record SensorMetricResponse(
    DateTime BucketStart, string Measurement, long ReadingCount, double? ValueMin, double? ValueMax, double? ValueMean, double? ValueDeviation,
    long AnomalyCount, double? ScoreMax);

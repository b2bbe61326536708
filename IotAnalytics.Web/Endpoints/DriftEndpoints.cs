using IotAnalytics.Core.Modeling.Drift;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /models/{name}/drift</c>: how far the readings are from those that the champion was trained on.</summary>
internal static class DriftEndpoints
{
    private const int DaysBack = 30;

    public static void MapDrift(this IEndpointRouteBuilder api) => api
        .MapGet("/models/{name}/drift", GetAsync).RequireScope(Scopes.Viewer).WithTags("Models")
        .WithSummary("How far the readings are from those that the champion was trained on")
        .WithDescription("Of the present champion, the 30 days up to the newest measurement. `drifting`: features, or `anomaly_score`, whose "
            + "stability index was above the limit on the newest two days in a row. `not_measurable`: why nothing can be said.");

    private static async Task<Results<Ok<DriftResponse>, Problem>> GetAsync(
        string name, IDbContextFactory<AnalyticsDbContext> contexts, ModelRegistry registry, CancellationToken cancellationToken)
    {
        if (await registry.GetChampionAsync(name, cancellationToken) is not { } champion)
        {
            return ModelEndpoints.NotFound($"There is no model '{name}' with a champion.");
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var all = context.DriftMeasurements.Where(m => m.Name == name && m.ModelVersion == champion.Version);
        var newest = await all.MaxAsync(m => (DateTime?)m.MeasuredTime, cancellationToken);
        var from = newest?.AddDays(-DaysBack) ?? DateTime.MinValue;
        var rows = await all.Where(m => m.MeasuredTime > from).OrderByDescending(m => m.MeasuredTime).ThenBy(m => m.Method).ThenBy(m => m.Feature).ToListAsync(cancellationToken);
        return TypedResults.Ok(DriftResponse.Of(name, champion.Version, DriftDays.Unmeasurable(champion), rows));
    }
}

/// <summary>How far the readings are from those that the champion was trained on.</summary>
/// <param name="Version">The champion.</param>
/// <param name="NotMeasurable">Why nothing can be said of this version; null when something can.</param>
/// <param name="Drifting">Features, or <c>anomaly_score</c>, above the limit on the newest two days in a row.</param>
/// <param name="Days">Newest first.</param>
/// <param name="Alarms">Of the charts of fast shifts, newest first.</param>
public sealed record DriftResponse(
    string Model, string Version, string? NotMeasurable, IReadOnlyList<string> Drifting, IReadOnlyList<DriftDayResponse> Days, IReadOnlyList<DriftAlarmResponse> Alarms)
{
    internal static DriftResponse Of(string model, string version, string? notMeasurable, List<DriftMeasurement> rows)
    {
        var days = new SortedDictionary<long, Dictionary<string, double>>();
        foreach (var day in rows.Where(m => m.Method != DriftRows.Cusum).GroupBy(m => m.MeasuredTime))
        {
            days.Add(new DateTimeOffset(day.Key).ToUnixTimeMilliseconds(), day.Where(m => m.Method == DriftRows.Psi).ToDictionary(m => m.Feature, m => m.Value));
        }

        return new DriftResponse(
            model, version, notMeasurable, DriftDays.Drifting(days),
            [
                .. rows.Where(m => m.Method != DriftRows.Cusum).GroupBy(m => m.MeasuredTime).Select(day => new DriftDayResponse(
                    DateOnly.FromDateTime(day.Key), day.Max(m => m.RowCount), day.Any(m => m.Method == DriftRows.TooFewRows) ? DaySample.Size : null,
                    [.. day.Where(m => m.Method == DriftRows.Psi).Select(m => new DriftIndexResponse(m.Feature, m.Value, m.Limit, m.Value > m.Limit))])),
            ],
            [.. rows.Where(m => m.Method == DriftRows.Cusum).Select(m => new DriftAlarmResponse(m.MeasuredTime, m.Feature, m.Value, m.Limit, m.RowCount))]);
    }
}

/// <summary>A day of event time, UTC.</summary>
/// <param name="Rows">That the index was computed from; of a day with too few, all that there were.</param>
/// <param name="RowsNeeded">Set when there were too few: the day was not measured.</param>
public sealed record DriftDayResponse(DateOnly Day, int Rows, int? RowsNeeded, IReadOnlyList<DriftIndexResponse> Features);

/// <summary>The stability index of a feature.</summary>
/// <param name="Feature">Of the profile, or <c>anomaly_score</c>.</param>
/// <param name="IsAbove">A day alone is no drift.</param>
public sealed record DriftIndexResponse(string Feature, double Index, double Limit, bool IsAbove);

/// <summary>An alarm of the charts of fast shifts.</summary>
/// <param name="Time">Event time of the reading that raised it.</param>
/// <param name="Feature">That shifted, or <c>anomaly_score</c>.</param>
/// <param name="Height">The cumulative sum, in standard deviations.</param>
/// <param name="Rows">Since the alarm before.</param>
public sealed record DriftAlarmResponse(DateTime Time, string Feature, double Height, double Limit, int Rows);

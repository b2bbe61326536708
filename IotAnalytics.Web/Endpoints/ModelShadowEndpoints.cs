using IotAnalytics.Core.Modeling.Shadows;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /models/{name}/shadow</c>: what the shadow said beside the champion.</summary>
internal static class ModelShadowEndpoints
{
    private static readonly TimeSpan DefaultWindow = TimeSpan.FromDays(1);

    public static void MapModelShadow(this IEndpointRouteBuilder api) => api
        .MapGet("/models/{name}/shadow", GetAsync).RequireScope(Scopes.Viewer).WithTags("Models")
        .WithSummary("Champion and shadow on the same readings")
        .WithDescription("Of the present champion and shadow; without a shadow of the newest pair in the window. `from` and `to`: default the last 24 hours; readings by record time, "
            + "verdicts by the event time of their anomaly. Outside of an A/B split an alarm of the shadow alone is counted and not stored, so its `precision` is of the alarms that both raised. "
            + "404 `shadow_not_found` when there is no pair.");

    private static async Task<Results<Ok<ShadowReportResponse>, Problem>> GetAsync(
        string name, string? from, string? to, DatabaseReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var end = check.Time("to", to) ?? time.GetUtcNow().UtcDateTime;
        var start = check.Time("from", from) ?? (end - DateTime.MinValue > DefaultWindow ? end - DefaultWindow : DateTime.MinValue);
        if (check.Problem is { } problem)
        {
            return problem;
        }

        var report = await reader.ReadAsync(transaction => ShadowRows.Report(transaction, name, DbTime.From(start), DbTime.From(end)), cancellationToken);
        return report is null
            ? new Problem(StatusCodes.Status404NotFound, "shadow_not_found", $"There is no shadow of a model '{name}', and there was none in that time.")
            : TypedResults.Ok(ShadowReportResponse.Of(name, start, end, report));
    }
}

/// <summary>Champion and shadow on the same readings.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
/// <param name="Readings">Scored by both.</param>
/// <param name="Agreement">Share of the readings of which both say the same; null without readings.</param>
/// <param name="Both">Readings above both thresholds.</param>
/// <param name="AlarmsPValue">Of McNemar's test that both raise alarms equally often; it takes readings as independent, which those of one episode are not.</param>
/// <param name="Differences">Judged alarms that one of the two raised alone.</param>
/// <param name="Split">Null without an A/B split.</param>
public sealed record ShadowReportResponse(
    string Name, DateTime From, DateTime To, long Readings, double? Agreement, long Both, long ChampionOnly, long ShadowOnly, long Neither, double AlarmsPValue,
    ShadowSideResponse Champion, ShadowSideResponse Shadow, ShadowDifferencesResponse Differences, ShadowSplitResponse? Split)
{
    internal static ShadowReportResponse Of(string name, DateTime from, DateTime to, ShadowReport report)
    {
        var (readings, verdicts) = (report.Readings, report.Verdicts);
        return new ShadowReportResponse(
            name, from, to, readings.Count, readings.Agreement, readings.Both, readings.ChampionOnly, readings.ShadowOnly, readings.Neither, readings.PValue,
            new ShadowSideResponse(
                report.Champion, readings.Both + readings.ChampionOnly, readings.ChampionAlarmRate, readings.ChampionNanosecondsEach, PrecisionResponse.Of(verdicts.Champion)),
            new ShadowSideResponse(report.Shadow, readings.Both + readings.ShadowOnly, readings.ShadowAlarmRate, readings.ShadowNanosecondsEach, PrecisionResponse.Of(verdicts.Shadow)),
            new ShadowDifferencesResponse(verdicts.ChampionRight, verdicts.ShadowRight, verdicts.PValue),
            report.Share > 0 || verdicts.ShadowArm.Judged > 0
                ? new ShadowSplitResponse(
                    report.Share, PrecisionResponse.Of(verdicts.ChampionArm), PrecisionResponse.Of(verdicts.ShadowArm), SplitPower.From, SplitPower.To, SplitPower.NeededPerArm,
                    SplitPower.Of(verdicts.ChampionArm.Judged, verdicts.ShadowArm.Judged))
                : null);
    }
}

/// <summary>One of the two.</summary>
/// <param name="Alarms">Readings above its threshold.</param>
/// <param name="NanosecondsPerReading">What scoring took, features and explanations aside.</param>
/// <param name="Precision">Of its judged alarms.</param>
public sealed record ShadowSideResponse(string Version, long Alarms, double? AlarmRate, double? NanosecondsPerReading, PrecisionResponse Precision);

/// <summary>Who was right where the two differ.</summary>
/// <param name="ChampionRight">The champion's alarm was confirmed, or the shadow's dismissed.</param>
/// <param name="ShadowRight">The champion's alarm was dismissed, or the shadow's confirmed.</param>
/// <param name="PValue">Of McNemar's exact test that both are right equally often.</param>
public sealed record ShadowDifferencesResponse(long ChampionRight, long ShadowRight, double PValue);

/// <summary>An A/B split by sensor.</summary>
/// <param name="Share">Of the sensors that the shadow decides now.</param>
/// <param name="Champion">Verdicts on the champion's sensors.</param>
/// <param name="Shadow">Verdicts on the shadow's sensors.</param>
/// <param name="TellsFrom">Together with <paramref name="TellsTo"/>: two precisions to be told apart.</param>
/// <param name="TellsTo">The other one.</param>
/// <param name="NeededPerArm">Verdicts on each side that tell them apart in four of five experiments, at 5 %.</param>
/// <param name="Power">The chance that the verdicts there are now would tell them apart.</param>
public sealed record ShadowSplitResponse(
    double Share, PrecisionResponse Champion, PrecisionResponse Shadow, double TellsFrom, double TellsTo, long NeededPerArm, double Power);

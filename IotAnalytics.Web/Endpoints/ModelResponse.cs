using System.Globalization;
using IotAnalytics.Core.Modeling.SelfChecks;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Web.Endpoints;

/// <summary>A model, named after its profile.</summary>
/// <param name="Champion">The version that scores new readings; null: none does.</param>
/// <param name="ChampionSince">Since when it does.</param>
/// <param name="ChampionAgeSeconds">Since it was made.</param>
/// <param name="Shadow">The version that scores the same readings beside it; null: none does.</param>
/// <param name="ShadowShare">Share of the sensors whose readings the shadow decides.</param>
/// <param name="NewestVersion">Null: there is none.</param>
/// <param name="State"><c>ok</c>, or the first of the checks that fail.</param>
/// <param name="Checks">What is wrong, the worst first.</param>
/// <param name="AlarmRate">Null while the champion has scored nothing.</param>
/// <param name="Precision">Of the champion's anomalies, by people's verdicts.</param>
/// <param name="CreatedAt">When it got its first version; null: it has none.</param>
public sealed record ModelResponse(
    string Name, string? Champion, DateTime? ChampionSince, double? ChampionAgeSeconds, string? Shadow, double ShadowShare, string? NewestVersion, string State,
    IReadOnlyList<ModelCheckResponse> Checks, AlarmRateResponse? AlarmRate, PrecisionResponse Precision, DateTime? CreatedAt)
{
    internal static ModelResponse Of(ModelStatus status, Model? model, long newest, PrecisionResponse precision) => new(
        status.Name, status.Champion, status.ChampionSince, status.Age?.TotalSeconds, model?.Shadow, model?.ShadowShare ?? 0,
        newest == 0 ? null : newest.ToString(CultureInfo.InvariantCulture), status.State, [.. status.Findings.Select(f => new ModelCheckResponse(f.Check, f.Message))],
        status.AlarmRate is { } rate ? new AlarmRateResponse(rate.Recent.Scored, rate.Recent.Flagged, rate.Recent.Rate, rate.Target) : null, precision, model?.CreatedAt);
}

/// <summary>A check of a model that fails.</summary>
/// <param name="Check">For programs.</param>
/// <param name="Message">For people, with the figures.</param>
public sealed record ModelCheckResponse(string Check, string Message);

/// <summary>Alarms of the newest day of record time since the champion became that.</summary>
/// <param name="Rate">Flagged over scored.</param>
/// <param name="Target">The share that the threshold was made for; null when that is not known.</param>
public sealed record AlarmRateResponse(long Scored, long Flagged, double Rate, double? Target);

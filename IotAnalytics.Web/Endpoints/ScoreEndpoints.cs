using System.Text.Json;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>POST /score</c>: readings in, scores and explanations out, nothing stored.</summary>
internal static class ScoreEndpoints
{
    public static void MapScore(this IEndpointRouteBuilder api) => api.MapPost("/score", PostAsync)
        .RequireScope(Scopes.Viewer)
        .WithTags("Readings")
        .WithSummary("Score readings with the champions; nothing is stored")
        .WithDescription("Every reading is judged by itself: what depends on the readings before it (late, out of order, duplicate, stuck) is not told.")
        .WithMetadata(ReadingContent.Described, new DisableRequestSizeLimitAttribute())
        .Produces<ScoreResponse>();

    private static async Task<IResult> PostAsync(
        HttpContext context, AdHocScorer scorer, IOptions<LimitsOptions> limits, CancellationToken cancellationToken)
    {
        if (ReadingContent.Refuse(context.Request) is { } unsupported)
        {
            return unsupported;
        }

        using var body = await RequestBody.ReadAsync(context.Request, limits.Value.MaxBodyBytes, cancellationToken);
        var result = await scorer.ScoreAsync(body.Bytes, cancellationToken);
        var readings = result.Items.Count + result.Rejected.Count;
        if (readings > limits.Value.MaxReadingsPerRequest)
        {
            return ReadingEndpoints.TooManyReadings(limits.Value);
        }

        return result.Items.Count > 0 ? TypedResults.Ok(result) : ReadingEndpoints.NothingReadable(result.Rejected, result.Rejected.Count);
    }
}

/// <summary>Scores of readings.</summary>
/// <param name="Items">Those that could be read, in order.</param>
/// <param name="Rejected">The others.</param>
public sealed record ScoreResponse(IReadOnlyList<ScoredReading> Items, IReadOnlyList<RejectedReading> Rejected);

/// <summary>A reading and what the champion says of it.</summary>
/// <param name="Index">Position in the body, from 0.</param>
/// <param name="AnomalyScore">0..1; null when it was not scored: no model, or more than half of the features missing.</param>
/// <param name="ScoreRatio">Score over threshold; 1 is at the limit.</param>
/// <param name="Rarity">Share of reference readings that score as high.</param>
/// <param name="Severity">Null unless it is an anomaly.</param>
/// <param name="Explanation">Contributions and expected ranges by measurement.</param>
/// <param name="Flags">Those of the reading itself: <c>out_of_range</c>, <c>imputed</c>, <c>not_scored</c>.</param>
public sealed record ScoredReading(
    int Index, string SensorId, string Profile, DateTime EventTime, bool IsAnomaly, double? AnomalyScore, double? Threshold, double? ScoreRatio,
    double? Rarity, string? Severity, string? TopMeasurement, JsonElement? Explanation, string? ModelVersion, IReadOnlyList<string> Flags);

using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Everything that can change a row's layer, flags or score: immutable, stored once, and put in force from an offset on.
/// The same records under the same plan give the same rows, at any time and on any host.
/// </summary>
/// <param name="ParserVersion"><see cref="ReadingParser.Version"/> of the build that made the plan.</param>
/// <param name="ScorerVersion"><see cref="MicroBatchPipeline.ScorerVersion"/> of the build that made the plan.</param>
/// <param name="Profiles">Ordered by name.</param>
/// <param name="Models">The champion of each profile that has one, ordered by profile.</param>
internal sealed record ScoringPlan(
    int ParserVersion, int ScorerVersion, ReadingRules Rules, ImmutableArray<SensorProfile> Profiles, ImmutableArray<PlannedModel> Models)
{
    public string ToJson() => JsonSerializer.Serialize(this, ScoringPlanJson.Default.ScoringPlan);

    public static ScoringPlan FromJson(string content) => JsonSerializer.Deserialize(content, ScoringPlanJson.Default.ScoringPlan)
        ?? throw new JsonException("A scoring plan is empty.");

    /// <summary>True when the other plan differs in its models only: sensors keep their state, and what is gathered for the sinks stays.</summary>
    public bool DiffersInModelsOnly(ScoringPlan other) => (this with { Models = other.Models }).ToJson() == other.ToJson();

    /// <summary>SHA-256 of the content, hex.</summary>
    public static string IdOf(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
}

/// <summary>The version of a profile's model that a plan puts in force.</summary>
/// <param name="Shadow">Scores the same readings beside it; null for none. Left out of the text then, so that plans from before there were shadows keep their ids.</param>
internal sealed record PlannedModel(
    string Profile, string Version, string Sha256, double Threshold, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PlannedShadow? Shadow = null);

/// <summary>A version that scores what the champion scores.</summary>
/// <param name="Share">Of the sensors that it decides instead of the champion, by <see cref="SensorSplit"/>; 0 for none.</param>
internal sealed record PlannedShadow(string Version, string Sha256, double Threshold, double Share);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ScoringPlan))]
internal sealed partial class ScoringPlanJson : JsonSerializerContext;

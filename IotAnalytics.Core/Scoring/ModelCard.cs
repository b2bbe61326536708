using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace IotAnalytics.Core.Scoring;

/// <summary>What a model is, where it comes from and how good it was: for people, and for the audit. Stored as JSON in snake_case.</summary>
internal sealed record ModelCard
{
    /// <summary>The profile's name, or any name for a model of plain columns.</summary>
    public required string Name { get; init; }

    /// <summary>A rising number as text within the registry.</summary>
    public required string Version { get; init; }

    /// <summary>The detector's kind, for example <c>IsolationForest</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>UTC; null for a bootstrap model, whose file depends on nothing but its profile and seed.</summary>
    public DateTime? CreatedAt { get; init; }

    /// <summary>What the rows were, for example <c>synthetic</c> or a file's name.</summary>
    public required string Source { get; init; }

    /// <summary>The time span of the training rows, or null when they have no time.</summary>
    public string? Window { get; init; }

    /// <summary>Rows that could be drawn for growing.</summary>
    public required int TrainingRows { get; init; }

    /// <summary>Rows held out for thresholds and rarity.</summary>
    public required int ReferenceRows { get; init; }

    public required long Seed { get; init; }

    /// <summary>The detector's settings as used, for example <c>trees</c>, <c>sample_size</c>, <c>max_depth</c>.</summary>
    public required ImmutableSortedDictionary<string, double> Parameters { get; init; }

    public required ImmutableArray<ModelCardFeature> Features { get; init; }

    /// <summary>Usual ranges, in the order of the model's measurements.</summary>
    public required ImmutableArray<ModelCardMeasurement> Measurements { get; init; }

    public required ModelCardThreshold Threshold { get; init; }

    /// <summary>Figures measured after training, for example <c>roc_auc</c>; empty when nothing could be measured.</summary>
    public ImmutableSortedDictionary<string, double> Evaluation { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>Sensors whose rows could be drawn; null unless it was trained from the lake.</summary>
    public int? Sensors { get; init; }

    /// <summary>Readings of the window by why no model may learn from them, for example <c>confirmed</c>; null unless it was trained from the lake.</summary>
    public ImmutableSortedDictionary<string, long>? Excluded { get; init; }

    /// <summary>Times in which a sensor seemed to have a fault, at most 100; null unless it was trained from the lake.</summary>
    public IReadOnlyList<ModelCardEpisode>? FaultEpisodes { get; init; }

    /// <summary>The champion that the readings were looked at with; null when there was none of use.</summary>
    public string? Champion { get; init; }

    /// <summary>Hash of what it remembers of its sensors, by which that is found in the store; null unless it was trained from the lake.</summary>
    public string? Memory { get; init; }

    /// <summary>How far the lake was read; null unless it was trained from the lake.</summary>
    public IReadOnlyList<ModelCardWatermark>? Watermark { get; init; }

    /// <summary>How this process walks the model. Depends on the machine: never in the model file.</summary>
    public string? ScoringPath { get; init; }

    public string ToJson() => System.Text.Json.JsonSerializer.Serialize(this, ModelCardJson.Default.ModelCard);
}

/// <summary>A time of a sensor that a model did not learn from.</summary>
internal sealed record ModelCardEpisode(string SensorId, string From, string To);

/// <summary>How much of a partition a model has seen.</summary>
/// <param name="NewestOffset">Of the last record with a reading of the window.</param>
internal sealed record ModelCardWatermark(int SourceId, int Partition, long NewestOffset);

/// <param name="Expression">Over the measurements; the name itself for a plain column.</param>
/// <param name="Bins">What its values were in the reference rows, for drift; null in models that say nothing of it.</param>
internal sealed record ModelCardFeature(string Name, string Expression, float Median, ModelCardBins? Bins = null);

/// <param name="Edges">Inner edges, ascending: the deciles, equal ones once. A value at an edge belongs to the bin below.</param>
/// <param name="Shares">Of the reference rows in each bin; one more than the edges.</param>
internal sealed record ModelCardBins(ImmutableArray<double> Edges, ImmutableArray<double> Shares);

/// <param name="Unit">UCUM code; empty when unknown.</param>
internal sealed record ModelCardMeasurement(string Name, string Unit, double P1, double P99);

/// <param name="Value">A row is anomalous when its score is above.</param>
/// <param name="Rule"><c>contamination</c>, <c>alarm_rate</c> or <c>fixed</c>.</param>
/// <param name="Rate">The share asked for; null for <c>fixed</c>.</param>
internal sealed record ModelCardThreshold(double Value, string Rule, double? Rate = null)
{
    public const string Contamination = "contamination";
    public const string AlarmRate = "alarm_rate";
    public const string Fixed = "fixed";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ModelCard))]
internal sealed partial class ModelCardJson : JsonSerializerContext;

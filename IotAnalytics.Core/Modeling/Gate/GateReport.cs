using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>What the gate found when it compared a candidate with the champion: every figure, and what follows from them.</summary>
internal sealed record GateReport
{
    public required string Name { get; init; }
    public required string Version { get; init; }
    public required string Champion { get; init; }

    /// <summary>A bootstrap model has seen no reading: the candidate has to find gross faults, not to find more than it.</summary>
    public required bool ChampionIsBootstrap { get; init; }

    public required DateTime CreatedAt { get; init; }

    /// <summary>The replayed period, or null when nothing was replayed: the candidate cannot score the profile, or the lake has no rows.</summary>
    public GatePeriod? Period { get; init; }

    /// <summary>Share of the readings that a model is to flag.</summary>
    public required double TargetAlarmRate { get; init; }

    public ImmutableArray<string> Contradictions { get; init; } = [];
    public AlarmRates? CandidateAlarms { get; init; }
    public AlarmRates? ChampionAlarms { get; init; }
    public SeasonEvidence? Season { get; init; }
    public RecallComparison? Recall { get; init; }
    public VerdictComparison? Verdicts { get; init; }
    public TopOverlap? Overlap { get; init; }

    /// <summary>Models with other seeds, each judged on a part of the period that it has not seen; empty when none could be grown.</summary>
    public ImmutableArray<SeedTrial> Seeds { get; init; } = [];

    public ChangedRows? Changed { get; init; }

    public GateVerdict Verdict { get; init; }

    /// <summary>In the order of the rules.</summary>
    public ImmutableArray<GateFinding> Findings { get; init; } = [];

    /// <summary>As it is stored and sent.</summary>
    [JsonIgnore]
    public string VerdictName => Verdict switch
    {
        GateVerdict.Promote => "promote",
        GateVerdict.Ask => "ask",
        _ => "refuse",
    };

    /// <summary>What speaks for the candidate, in plain words.</summary>
    public string Gain() => this switch
    {
        { ChampionIsBootstrap: true } => "it has learned from readings, the champion has not",
        { Season.IsSeason: true } => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"a new season: {Season.Shifted} of {Season.Sensors} sensors have left what the champion knows"),
        { Recall: { } recall } => string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"it finds {100 * recall.Candidate:0.0} % of injected faults, the champion {100 * recall.Champion:0.0} %, at the same alarm rate"),
        _ => "none",
    };

    public string ToJson() => JsonSerializer.Serialize(this, GateReportJson.Default.GateReport);

    public static GateReport FromJson(string json) => JsonSerializer.Deserialize(json, GateReportJson.Default.GateReport)!;
}

/// <summary>What is to become of a candidate.</summary>
internal enum GateVerdict
{
    /// <summary>It is at least as good in everything and measurably better in something.</summary>
    [JsonStringEnumMemberName("promote")]
    Promote,

    /// <summary>It is sound, but a person has to decide.</summary>
    [JsonStringEnumMemberName("ask")]
    Ask,

    /// <summary>It must not be promoted by itself.</summary>
    [JsonStringEnumMemberName("refuse")]
    Refuse,
}

/// <param name="Rule"><c>fit</c>, <c>soundness</c>, <c>alarm_rate</c>, <c>recall</c>, <c>verdicts</c>, <c>overlap</c>, <c>seeds</c> or <c>gain</c>.</param>
/// <param name="Means">What the finding alone leads to.</param>
/// <param name="Text">In plain words, with the figures.</param>
internal sealed record GateFinding(string Rule, GateVerdict Means, string Text);

/// <param name="From">Event time of the first row.</param>
/// <param name="To">Event time of the last row.</param>
/// <param name="JudgedRows">Rows past the sensors' warm-up that are not known to be anomalous or excluded.</param>
/// <param name="Seed">Of the choice of sensors, the faults and the bootstrap.</param>
internal sealed record GatePeriod(DateTime From, DateTime To, int Rows, int JudgedRows, int Sensors, long Seed);

/// <summary>A model of the candidate's readings less a part of the period, grown with another seed and judged on that part.</summary>
/// <param name="From">Begin of the part, event time.</param>
/// <param name="To">Its end.</param>
/// <param name="IsUnseen">False: the window is too short to leave a part out, and only the seed differs.</param>
/// <param name="Alarms">Judged by events.</param>
internal sealed record SeedTrial(long Seed, DateTime From, DateTime To, bool IsUnseen, AlarmRate Alarms, RecallComparison? Recall, bool IsRefused)
{
    [JsonIgnore]
    public bool IsBetter => Recall is { IsBetter: true };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GateReport))]
internal sealed partial class GateReportJson : JsonSerializerContext;

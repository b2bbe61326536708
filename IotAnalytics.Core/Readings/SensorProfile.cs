using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace IotAnalytics.Core.Readings;

/// <summary>A kind of sensor: what it measures, what is computed from that, and how it is scored. Data, not code.</summary>
/// <param name="Name">snake_case, unique.</param>
/// <param name="ExpectedInterval">The usual time between two readings of one sensor.</param>
/// <param name="Measurements">At least one. From the configuration: in order of name, because the configuration system does not keep the order of the file.</param>
/// <param name="Features">At least one; the order is the order of the model's columns. From the configuration: in order of name.</param>
/// <param name="Detectors">At least one.</param>
public sealed record SensorProfile(
    string Name,
    TimeSpan ExpectedInterval,
    ImmutableArray<MeasurementDefinition> Measurements,
    ImmutableArray<FeatureDefinition> Features,
    ImmutableArray<DetectorDefinition> Detectors);

/// <summary>One physical quantity of a profile.</summary>
/// <param name="Name">snake_case; the name in JSON, SQL and Parquet. Profiles that share a name agree on the unit.</param>
/// <param name="Unit">UCUM code, for example <c>Cel</c> or <c>%</c>.</param>
/// <param name="Min">Lower end of the physical range; a value below is flagged, never dropped.</param>
/// <param name="Max">Upper end of the physical range.</param>
/// <param name="Normal">The band of healthy values, [low, high]: the bootstrap model and the simulator draw from it. Null: the middle third of the physical range.</param>
/// <param name="Anomalous">The band of faulty values, [low, high]. Null: the top tenth of the physical range.</param>
public sealed record MeasurementDefinition(string Name, string Unit, double Min, double Max, ValueBand? Normal, ValueBand? Anomalous)
{
    /// <summary><see cref="Normal"/>, or what stands for it.</summary>
    [JsonIgnore]
    public ValueBand NormalBand => Normal ?? new ValueBand(Min + (Max - Min) / 3, Max - (Max - Min) / 3);

    /// <summary><see cref="Anomalous"/>, or what stands for it.</summary>
    [JsonIgnore]
    public ValueBand AnomalousBand => Anomalous ?? new ValueBand(Max - (Max - Min) / 10, Max);
}

/// <summary>A closed band of values in the measurement's unit.</summary>
public sealed record ValueBand(double Low, double High);

/// <summary>A named expression over the profile's measurements, for example <c>temperature / max(humidity, 1)</c>.</summary>
public sealed record FeatureDefinition(string Name, string Expression);

/// <summary>One detector of a profile.</summary>
/// <param name="Kind"><c>IsolationForest</c>, <c>Recommended</c>, <c>Pca</c> or <c>Mewma</c>.</param>
/// <param name="Trees">Number of trees, 1 to 10,000.</param>
/// <param name="SampleSize">Rows per tree (ψ), 2 to 65,536.</param>
/// <param name="BootstrapContamination">Share of anomalies in the synthetic set of the bootstrap model, above 0 and at most 0.5.</param>
/// <param name="TargetAlarmRate">Share of readings that later models flag, above 0 and at most 0.5.</param>
public sealed record DetectorDefinition(string Kind, int Trees, int SampleSize, double BootstrapContamination, double TargetAlarmRate)
{
    public const string IsolationForest = "IsolationForest";
    public const string Recommended = "Recommended";
    public const string Pca = "Pca";
    public const string Mewma = "Mewma";

    /// <summary>Trees of each forest of <see cref="Recommended"/>, unless told otherwise.</summary>
    public const int RecommendedTrees = 200;

    public static ImmutableArray<string> Kinds { get; } = [IsolationForest, Recommended, Pca, Mewma];

    /// <summary>Names of the features that it sees, in this order. Default empty: all that are computed from the reading alone; of <c>Mewma</c>, the
    /// residuals of the profile's measurements, which are added to its features.</summary>
    public ImmutableArray<string> Features { get; init; } = [];

    /// <summary>Of <c>Mewma</c>: features that are not watched, but tell which measurement is guilty. Default empty: the watched ones tell it.</summary>
    public ImmutableArray<string> Telling { get; init; } = [];
}

using System.Collections.Immutable;
using System.Globalization;

namespace IotAnalytics.Core.Readings.Features;

/// <summary>
/// The features that a MEWMA chart watches, for plain measurements: of each an averaged residual, which is watched, and its deviation from a
/// short-term mean, which tells the measurement where a fault began. Chosen by measurement (docs/detectors.md).
/// </summary>
internal static class ResidualFeatures
{
    /// <summary>Readings over which a level is forgotten: slower than the faults that are to be found.</summary>
    private const double LevelSpan = 10_000;

    /// <summary>λ = 0.15.</summary>
    private const double AverageSpan = 12.333;

    /// <summary>Readings of the short-term mean.</summary>
    private const int DeviationSpan = 50;

    /// <summary>A scale is at least this share of the measurement's range: a measurement that stood still has one too.</summary>
    private const double SmallestScale = 0.001;

    /// <summary>Averages of all measurements, then deviations of all.</summary>
    /// <param name="ranges">Width of each measurement's range, 0 where it is not known.</param>
    public static ImmutableArray<FeatureDefinition> Of(IReadOnlyList<string> measurements, IReadOnlyList<double> ranges) =>
    [
        .. measurements.Select((m, i) => new FeatureDefinition($"{m}_shift", string.Create(
            CultureInfo.InvariantCulture, $"ewma(residual({Quoted(m)}, {LevelSpan}, {ranges[i] * SmallestScale:R}), {AverageSpan})"))),
        .. measurements.Select(m => new FeatureDefinition($"{m}_jump", string.Create(
            CultureInfo.InvariantCulture, $"{Quoted(m)} - ewma({Quoted(m)}, {DeviationSpan})"))),
    ];

    private static string Quoted(string measurement) => $"\"{measurement}\"";
}

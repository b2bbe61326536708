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

    /// <summary>Averages of all measurements, then deviations of all.</summary>
    /// <param name="smallestScales">Of each measurement, in its unit: what its deviation from the level is measured in at least. Sensors that were quiet in
    /// their first readings have one too; 0 where nothing is known.</param>
    public static ImmutableArray<FeatureDefinition> Of(IReadOnlyList<string> measurements, IReadOnlyList<double> smallestScales) =>
    [
        .. measurements.Select((m, i) => new FeatureDefinition($"{m}_shift", string.Create(
            CultureInfo.InvariantCulture, $"ewma(residual({Quoted(m)}, {LevelSpan}, {smallestScales[i]:R}), {AverageSpan})"))),
        .. measurements.Select(m => new FeatureDefinition($"{m}_jump", string.Create(
            CultureInfo.InvariantCulture, $"{Quoted(m)} - ewma({Quoted(m)}, {DeviationSpan})"))),
    ];

    private static string Quoted(string measurement) => $"\"{measurement}\"";
}

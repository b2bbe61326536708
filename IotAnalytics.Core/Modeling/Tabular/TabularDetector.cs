using System.Collections.Immutable;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Tabular;

/// <summary>The detectors that can be trained from a table, by the name that the command line uses.</summary>
internal static class TabularDetector
{
    public const string IsolationForest = "isolation-forest";
    public const string Recommended = "recommended";
    public const string Pca = "pca";
    public const string Mewma = "mewma";

    /// <summary>Reference rows from which on the held-out ones alone say what is usual.</summary>
    private const int EnoughHeldRows = 1_000;

    public static IReadOnlyList<string> Names { get; } = [IsolationForest, Recommended, Pca, Mewma];

    /// <summary>Trees of each forest when none are asked for.</summary>
    public static int DefaultTrees(string name) => name == Recommended ? RecommendedForests.DefaultTrees : new IsolationForestOptions().Trees;

    /// <summary>The contamination when none is asked for, as text.</summary>
    public static string DefaultContamination(string name) => name is Pca or Mewma ? "auto" : "0.1";

    /// <summary>What the detector sees of the columns: themselves, or their residuals when the rows are readings in order of time.</summary>
    public static ImmutableArray<FeatureDefinition> FeaturesOf(string name, IReadOnlyList<string> columns) => name == Mewma
        ? ResidualFeatures.Of(columns, new double[columns.Count])
        : [.. columns.Select(c => new FeatureDefinition(c, c))];

    /// <param name="training">Rows that grow the detector, nothing missing.</param>
    /// <param name="held">Rows that do not.</param>
    /// <param name="all">Both.</param>
    /// <exception cref="TrainingException">Too few rows, options out of range, or an unknown name.</exception>
    public static IAnomalyDetector Train(
        string name, IsolationForestOptions options, FeatureTable training, FeatureTable held, FeatureTable all, CancellationToken cancellationToken)
    {
        switch (name)
        {
            case IsolationForest:
                return ForestTrainer.Train(training.Columns, training.Rows, options, cancellationToken);
            case Recommended:
                var members = RecommendedForests.Grow(training.Columns, training.Rows, options, cancellationToken);
                // A hundred held-out rows would make the members' rarities a matter of chance. Their own rows are biased alike in all members.
                var reference = held.Rows >= EnoughHeldRows ? held : all;
                return CombinedDetector.Fit(members, reference.Columns, reference.Rows);
            case Pca:
                return PcaTrainer.Fit(training);
            case Mewma:
                return MewmaTrainer.Fit(training, training.Columns.Length / 2);
            default:
                throw new TrainingException($"detector: '{name}' is not accepted; accepted are {string.Join(", ", Names)}");
        }
    }
}

using System.Collections.Immutable;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>
/// The combination for tables of which nothing is known: three oblique forests that fail on different data. Chosen by measurement on public sets
/// and on others kept aside (docs/forest.md has the figures); no setting depends on the data but the number of columns.
/// </summary>
internal static class RecommendedForests
{
    /// <summary>More than a single forest has: the largest of several scores is as steady as the least steady of them.</summary>
    public const int DefaultTrees = DetectorDefinition.RecommendedTrees;

    /// <summary>Columns of a wide test less one. More cost time and model size, and a direction of 32 random columns is as random as one of 300.</summary>
    public const int WideLevel = 31;

    /// <summary>Columns of a narrow test less one: enough to see a relation, few enough that columns without meaning do not drown it.</summary>
    public const int NarrowLevel = 4;

    /// <summary>What each member is grown with; trees, sample size and seed are those of <paramref name="basis"/>.</summary>
    public static ImmutableArray<IsolationForestOptions> Options(IsolationForestOptions basis) =>
    [
        // Far from everything, in any direction: what lies outside of the cloud.
        Member(basis, 0, WideLevel, SplitCriterion.Random, LeafMetric.PathLength),

        // Splits where the data has gaps: anomalies in clusters of their own.
        // Its trees are several times as deep, and half of them are as good.
        Member(basis, 1, NarrowLevel, SplitCriterion.AveragedGain, LeafMetric.Density) with { Trees = (basis.Trees + 1) / 2 },

        // Thin regions between and within the clusters.
        Member(basis, 2, NarrowLevel, SplitCriterion.Random, LeafMetric.Density),
    ];

    /// <exception cref="TrainingException">Too few rows, or options out of range.</exception>
    public static ImmutableArray<IAnomalyDetector> Grow(float[][] columns, int rows, IsolationForestOptions basis, CancellationToken cancellationToken) =>
        [.. Options(basis).Select(o => ForestTrainer.Train(columns, rows, o, cancellationToken))];

    private static IsolationForestOptions Member(IsolationForestOptions basis, int member, int level, SplitCriterion criterion, LeafMetric metric) => new()
    {
        Trees = basis.Trees,
        SampleSize = basis.SampleSize,
        // Seeds next to each other stay apart: a member's seed is another member's only after 2⁶² of them.
        Seed = unchecked(basis.Seed + member * (1L << 62)),
        ExtensionLevel = level,
        Criterion = criterion,
        Metric = metric,
        Threads = basis.Threads,
    };
}

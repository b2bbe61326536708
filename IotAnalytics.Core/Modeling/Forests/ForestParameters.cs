using System.Collections.Immutable;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>A forest's settings as the model card names them.</summary>
internal static class ForestParameters
{
    public static ImmutableSortedDictionary<string, double> Of(IsolationForest forest) => new Dictionary<string, double>(StringComparer.Ordinal)
    {
        ["trees"] = forest.Trees,
        ["sample_size"] = forest.SampleSize,
        ["depth"] = forest.Depth,
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    public static ImmutableSortedDictionary<string, double> Of(ObliqueForest forest) => new Dictionary<string, double>(StringComparer.Ordinal)
    {
        ["trees"] = forest.Trees,
        ["sample_size"] = forest.SampleSize,
        ["columns_per_test"] = forest.LargestTest,
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);
}

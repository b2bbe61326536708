namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>The ways to walk a forest, slowest first. All give the same bits.</summary>
internal enum ForestPath
{
    Preorder,
    Heap,
    Avx2Ranks,
    Avx2,
    Avx512,
}

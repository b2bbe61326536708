namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>What a leaf says of the rows that reach it. The numbers are frozen: they are in model files.</summary>
internal enum LeafMetric
{
    /// <summary>How deep it lies (Liu, Ting, Zhou 2008): score 2^(−E[h] / c(ψ)).</summary>
    PathLength = 0,

    /// <summary>How many rows it holds for its size: the product, over the tests on the way, of the share of rows that go this way over the share of
    /// the projected range that lies this way (Cortes 2021, section 5; the "density" metric of isotree). The score is 1 / (1 + ρ), ρ the geometric mean over the trees:
    /// 0.5 where rows are as dense as if spread evenly.</summary>
    Density = 1,
}

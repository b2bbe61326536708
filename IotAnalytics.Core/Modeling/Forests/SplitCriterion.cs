namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>Where a node's test divides the rows. The numbers are frozen.</summary>
internal enum SplitCriterion
{
    /// <summary>Uniform between the smallest and the largest projected value (Liu, Ting, Zhou 2008, algorithm 2).</summary>
    Random = 0,

    /// <summary>The gap between two neighbours that gains most: 1 − (σ(left) + σ(right)) / 2σ, both sides counting the same however few rows
    /// they hold (Liu, Ting, Zhou 2010, "On Detecting Clustered Anomalies Using SCiForest", section 4, Sd gain).</summary>
    AveragedGain = 1,

    /// <summary>The same with the sides weighted by their rows: 1 − (n(left) σ(left) + n(right) σ(right)) / n σ (Cortes 2021, "Revisiting randomized
    /// choices in isolation forests", section 4, pooled gain).</summary>
    PooledGain = 2,
}

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>One way to walk all trees for many rows. Immutable.</summary>
internal abstract class ForestLayout
{
    private readonly double _exponentPerUnit;

    protected ForestLayout(IsolationForest forest) => _exponentPerUnit = forest.ExponentPerUnit;

    /// <summary>Shown on the model card.</summary>
    public abstract string Name { get; }

    /// <summary>Scores some rows from <paramref name="start"/> on, on this thread, without allocating.</summary>
    /// <param name="scores">Receives the first row's score at 0.</param>
    public abstract void Score(float[][] features, int start, int rows, Span<double> scores);

    /// <summary>The fastest layout that this forest fits into on this processor.</summary>
    public static ForestLayout Choose(IsolationForest forest) =>
        TryCreate(forest, ForestPath.Avx512) ?? TryCreate(forest, ForestPath.Avx2) ?? TryCreate(forest, ForestPath.Avx2Ranks)
        ?? TryCreate(forest, ForestPath.Heap) ?? new PreorderLayout(forest);

    /// <summary>This layout and no other; null when the forest does not fit into it or the processor has not what it needs.</summary>
    public static ForestLayout? TryCreate(IsolationForest forest, ForestPath path) => path switch
    {
        ForestPath.Preorder => new PreorderLayout(forest),
        ForestPath.Heap => HeapLayout.Fits(forest) ? new HeapLayout(forest) : null,
        ForestPath.Avx2Ranks => RankLayout.TryCreate(forest),
        ForestPath.Avx2 => ShuffleLayout.TryCreate(forest),
        ForestPath.Avx512 => PermuteLayout.TryCreate(forest),
        _ => throw new ArgumentOutOfRangeException(nameof(path), path, null),
    };

    /// <summary>The score of a row from the sum of its leaves.</summary>
    protected double Finish(ulong sum) => Exp2.Of(-(sum * _exponentPerUnit));
}

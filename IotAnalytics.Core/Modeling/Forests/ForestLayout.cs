namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>One way to walk all trees for many rows. Immutable.</summary>
internal abstract class ForestLayout
{
    private readonly double _exponentPerUnit;

    protected ForestLayout(IsolationForest forest) => _exponentPerUnit = forest.ExponentPerUnit;

    /// <summary>Shown on the model card.</summary>
    public abstract string Name { get; }

    public abstract void Score(float[][] features, int rows, Span<double> scores);

    /// <summary>The fastest layout that this forest fits into on this processor.</summary>
    public static ForestLayout Choose(IsolationForest forest)
    {
        if (!HeapLayout.Fits(forest))
        {
            return new PreorderLayout(forest);
        }

        var heap = new HeapLayout(forest);
        return PermuteLayout.TryCreate(forest, heap) ?? heap;
    }

    /// <summary>The score of a row from the sum of its leaves.</summary>
    protected double Finish(ulong sum) => Exp2.Of(-(sum * _exponentPerUnit));
}

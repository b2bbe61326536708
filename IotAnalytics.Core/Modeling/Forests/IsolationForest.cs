using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// A grown forest: score 2^(−E[h] / c(ψ)), E[h] the mean path length over the trees (Liu, Ting, Zhou 2008). Path lengths are integers, so
/// a row's score has the same bits in any batch, at any position and with any layout. A NaN goes left at every node.
/// </summary>
internal sealed class IsolationForest : IAnomalyDetector
{
    public const string KindName = "IsolationForest";

    /// <summary>Built by the first who scores: whoever only grows or stores a forest does not pay for it.</summary>
    private ForestLayout? _layout;

    /// <param name="nodes">All trees one after another, each in preorder.</param>
    /// <param name="roots">The first node of each tree.</param>
    /// <param name="sampleSize">ψ as used: never more than the training rows.</param>
    /// <param name="leafUnit">Path length of one unit of <see cref="TreeNode.Leaf"/>.</param>
    /// <param name="normalizer">c(ψ).</param>
    public IsolationForest(TreeNode[] nodes, int[] roots, int featureCount, int sampleSize, double leafUnit, double normalizer)
    {
        Nodes = nodes;
        Roots = roots;
        FeatureCount = featureCount;
        SampleSize = sampleSize;
        LeafUnit = leafUnit;
        Normalizer = normalizer;
        Depth = ForestDepth.Of(nodes, roots);
    }

    public string Kind => KindName;
    public int FeatureCount { get; }
    public int SampleSize { get; }
    public double LeafUnit { get; }
    public double Normalizer { get; }
    public TreeNode[] Nodes { get; }
    public int[] Roots { get; }
    public int Trees => Roots.Length;

    /// <summary>Tests on the longest way from a root to a leaf.</summary>
    public int Depth { get; }

    /// <summary>How this process walks the trees; all paths give the same bits.</summary>
    public string ScoringPath => Layout.Name;

    /// <summary>Multiplied by minus a row's sum of leaf units, the power of two that is its score.</summary>
    public double ExponentPerUnit => LeafUnit / (Trees * Normalizer);

    private ForestLayout Layout => _layout ?? Interlocked.CompareExchange(ref _layout, ForestLayout.Choose(this), null) ?? _layout;

    /// <summary>More rows than a batch of the pipeline can have (<see cref="ParallelScoring.FewestRows"/>) are scored by all processors.</summary>
    public void Score(float[][] features, int rows, Span<double> scores)
    {
        if (rows < ParallelScoring.FewestRows || Environment.ProcessorCount == 1)
        {
            Layout.Score(features, 0, rows, scores[..rows]);
        }
        else
        {
            ParallelScoring.Run(Layout, features, rows, scores[..rows], Environment.ProcessorCount);
        }
    }
}

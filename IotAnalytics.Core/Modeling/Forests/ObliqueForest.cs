using System.Buffers;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// A forest whose tests are Σ wᵢ xᵢ &gt; t over one or more columns (Hariri, Carrasco Kind, Brunner 2019; Liu, Ting, Zhou 2010). Leaves are
/// integers and projections are summed in the order of their terms, so a row's score has the same bits in any batch and on any processor.
/// </summary>
internal sealed class ObliqueForest : IAnomalyDetector
{
    public const string KindName = "ObliqueForest";

    private readonly double _perUnit;
    private readonly ObliqueWalk _walk;

    /// <param name="nodes">All trees one after another, each in preorder.</param>
    /// <param name="roots">The first node of each tree.</param>
    /// <param name="sampleSize">ψ as used: never more than the training rows.</param>
    /// <param name="leafUnit">Path length, or binary logarithm of the density times ψ, of one unit of <see cref="ObliqueNode.Leaf"/>.</param>
    /// <param name="normalizer">c(ψ) for path lengths, log2 ψ for densities: kept, because a logarithm's last bit depends on the system.</param>
    public ObliqueForest(ObliqueNode[] nodes, ObliqueTerm[] terms, int[] roots, int featureCount, int sampleSize, LeafMetric metric, double leafUnit, double normalizer)
    {
        Nodes = nodes;
        Terms = terms;
        Roots = roots;
        FeatureCount = featureCount;
        SampleSize = sampleSize;
        Metric = metric;
        LeafUnit = leafUnit;
        Normalizer = normalizer;
        Depth = DepthOf(nodes);
        _walk = new ObliqueWalk(nodes, terms, roots, Depth);
        _perUnit = leafUnit / (metric == LeafMetric.PathLength ? roots.Length * normalizer : roots.Length);
    }

    public string Kind => KindName;
    public int FeatureCount { get; }
    public int SampleSize { get; }
    public LeafMetric Metric { get; }
    public double LeafUnit { get; }
    public double Normalizer { get; }
    public ObliqueNode[] Nodes { get; }
    public ObliqueTerm[] Terms { get; }
    public int[] Roots { get; }
    public int Trees => Roots.Length;

    /// <summary>Tests on the longest way from a root to a leaf.</summary>
    public int Depth { get; }

    /// <summary>The most columns that a test has.</summary>
    public int LargestTest => Nodes.Length == 0 ? 0 : Nodes.Max(n => n.TermCount);

    public void Score(float[][] features, int rows, Span<double> scores)
    {
        var sums = ArrayPool<ulong>.Shared.Rent(Math.Min(rows, ObliqueWalk.BlockRows));
        for (var start = 0; start < rows; start += ObliqueWalk.BlockRows)
        {
            var block = sums.AsSpan(0, Math.Min(ObliqueWalk.BlockRows, rows - start));
            block.Clear();
            _walk.Add(features, start, block);
            for (var r = 0; r < block.Length; r++)
            {
                scores[start + r] = Finish(block[r]);
            }
        }

        ArrayPool<ulong>.Shared.Return(sums);
    }

    private double Finish(ulong sum)
    {
        var mean = sum * _perUnit;
        if (Metric == LeafMetric.PathLength)
        {
            return Exp2.Of(-mean);
        }

        // 1 / (1 + 2^x), written so that the power is never above 1.
        var x = mean - Normalizer;
        var power = Exp2.Of(-Math.Abs(x));
        return x >= 0 ? power / (1 + power) : 1 / (1 + power);
    }

    /// <summary>A parent comes before its children, so one pass is enough.</summary>
    private static int DepthOf(ObliqueNode[] nodes)
    {
        var depths = new int[nodes.Length];
        for (var i = 0; i < nodes.Length; i++)
        {
            if (!nodes[i].IsLeaf)
            {
                depths[i + 1] = depths[nodes[i].Right] = depths[i] + 1;
            }
        }

        return depths.Max();
    }
}

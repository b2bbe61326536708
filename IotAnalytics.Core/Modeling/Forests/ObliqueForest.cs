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

    /// <summary>Rows that go through a tree while it is in the cache.</summary>
    private const int BlockRows = 64;

    private readonly double _perUnit;

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

    /// <summary>The most columns that a test has.</summary>
    public int LargestTest => Nodes.Length == 0 ? 0 : Nodes.Max(n => n.TermCount);

    public void Score(float[][] features, int rows, Span<double> scores)
    {
        var width = FeatureCount;
        var rented = ArrayPool<double>.Shared.Rent(BlockRows * width);
        Span<ulong> sums = stackalloc ulong[BlockRows];
        for (var start = 0; start < rows; start += BlockRows)
        {
            var count = Math.Min(BlockRows, rows - start);
            for (var f = 0; f < width; f++)
            {
                var column = features[f].AsSpan(start, count);
                for (var r = 0; r < column.Length; r++)
                {
                    rented[r * width + f] = column[r];
                }
            }

            sums.Clear();
            foreach (var root in Roots)
            {
                for (var r = 0; r < count; r++)
                {
                    sums[r] += Walk(root, rented.AsSpan(r * width, width));
                }
            }

            for (var r = 0; r < count; r++)
            {
                scores[start + r] = Finish(sums[r]);
            }
        }

        ArrayPool<double>.Shared.Return(rented);
    }

    private uint Walk(int index, ReadOnlySpan<double> row)
    {
        ReadOnlySpan<ObliqueNode> nodes = Nodes;
        while (true)
        {
            ref readonly var node = ref nodes[index];
            if (node.IsLeaf)
            {
                return node.Leaf;
            }

            double projected = 0;
            foreach (ref readonly var term in Terms.AsSpan(node.FirstTerm, node.TermCount))
            {
                projected += term.Weight * row[term.Column];
            }

            index = projected > node.Threshold ? node.Right : index + 1;
        }
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
}

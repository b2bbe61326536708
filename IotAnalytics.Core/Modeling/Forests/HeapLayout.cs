using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// Complete trees in heap order (root 1, children 2k and 2k + 1), all of the forest's depth; a shallower leaf is repeated below itself
/// behind tests that always go left. A step is a comparison and an addition without a branch, and eight walks are interleaved so that
/// they wait for memory together: eight rows in one tree, or, for the last rows of a batch, one row in eight trees.
/// </summary>
internal sealed unsafe class HeapLayout : ForestLayout
{
    private const int Interleaved = 8;
    private const int MaxDepth = 16;
    private const long MaxBytes = 256 << 20;
    private const int MaxBlockRows = 256;

    /// <summary>Floats of a block on the stack, 64 KiB.</summary>
    private const int StackFloats = 16_384;

    private readonly int _depth;
    private readonly int _trees;
    private readonly int _featureCount;

    /// <summary>Rows copied side by side, column by column, before the trees are walked.</summary>
    private readonly int _blockRows;

    /// <summary>1 &lt;&lt; depth nodes a tree, the first unused. Pinned for life: read through pointers.</summary>
    private readonly Node[] _nodes;

    /// <summary>1 &lt;&lt; depth leaves a tree.</summary>
    private readonly ushort[] _leaves;

    public HeapLayout(IsolationForest forest)
        : base(forest)
    {
        _depth = forest.Depth;
        _featureCount = forest.FeatureCount;
        _trees = forest.Trees;
        _blockRows = Math.Max(Interleaved, Math.Min(MaxBlockRows, StackFloats / _featureCount / Interleaved * Interleaved));
        // Trees of nothing but zero leaves fill the last group of eight.
        var padded = (_trees + Interleaved - 1) / Interleaved * Interleaved;
        _nodes = GC.AllocateArray<Node>(padded << _depth, pinned: true);
        _leaves = GC.AllocateArray<ushort>(padded << _depth, pinned: true);
        _nodes.AsSpan().Fill(new Node(float.PositiveInfinity, 0));
        for (var tree = 0; tree < _trees; tree++)
        {
            Place(forest.Nodes, forest.Roots[tree], _nodes.AsSpan(tree << _depth, 1 << _depth), _leaves.AsSpan(tree << _depth, 1 << _depth), 1, 0);
        }
    }

    public override string Name => "heap, 8 rows interleaved";

    /// <summary>Depth and memory are small enough and the leaves have 16 bits.</summary>
    public static bool Fits(IsolationForest forest) =>
        forest.Depth <= MaxDepth
        && ((long)(forest.Trees + Interleaved) << forest.Depth) * (sizeof(Node) + sizeof(ushort)) <= MaxBytes
        && Array.TrueForAll(forest.Nodes, n => n.Leaf <= ushort.MaxValue);

    [SkipLocalsInit]
    public override void Score(float[][] features, int start, int rows, Span<double> scores)
    {
        var floats = _blockRows * _featureCount;
        if (floats <= StackFloats)
        {
            var block = stackalloc float[floats];
            ScoreBlocks(features, start, rows, scores, block);
            return;
        }

        var rented = ArrayPool<float>.Shared.Rent(floats);
        fixed (float* block = rented)
        {
            ScoreBlocks(features, start, rows, scores, block);
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    [SkipLocalsInit]
    private void ScoreBlocks(float[][] features, int start, int rows, Span<double> scores, float* block)
    {
        var sums = stackalloc uint[MaxBlockRows];
        for (var first = 0; first < rows; first += _blockRows)
        {
            var count = Math.Min(_blockRows, rows - first);
            for (var f = 0; f < _featureCount; f++)
            {
                features[f].AsSpan(start + first, count).CopyTo(new Span<float>(block + f * _blockRows, count));
            }

            var whole = count / Interleaved * Interleaved;
            if (whole > 0)
            {
                new Span<uint>(sums, whole).Clear();
                WalkRows(block, whole, sums);
            }

            for (var row = whole; row < count; row++)
            {
                sums[row] = WalkTrees(block + row);
            }

            for (var row = 0; row < count; row++)
            {
                scores[first + row] = Finish(sums[row]);
            }
        }
    }

    /// <summary>Adds the leaves of all trees for rows in groups of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WalkRows(float* block, int rows, uint* sums)
    {
        var depth = _depth;
        var size = (nuint)1 << depth;
        var nodes = (Node*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_nodes));
        // A walk ends at size + leaf.
        var leaves = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_leaves)) - size;
        for (var tree = 0; tree < _trees; tree++, nodes += size, leaves += size)
        {
            for (var row = 0; row < rows; row += Interleaved)
            {
                var x = block + row;
                nuint k0 = 1, k1 = 1, k2 = 1, k3 = 1, k4 = 1, k5 = 1, k6 = 1, k7 = 1;
                for (var level = 0; level < depth; level++)
                {
                    k0 = k0 + k0 + (x[nodes[k0].Column] > nodes[k0].Threshold ? 1u : 0u);
                    k1 = k1 + k1 + (x[nodes[k1].Column + 1] > nodes[k1].Threshold ? 1u : 0u);
                    k2 = k2 + k2 + (x[nodes[k2].Column + 2] > nodes[k2].Threshold ? 1u : 0u);
                    k3 = k3 + k3 + (x[nodes[k3].Column + 3] > nodes[k3].Threshold ? 1u : 0u);
                    k4 = k4 + k4 + (x[nodes[k4].Column + 4] > nodes[k4].Threshold ? 1u : 0u);
                    k5 = k5 + k5 + (x[nodes[k5].Column + 5] > nodes[k5].Threshold ? 1u : 0u);
                    k6 = k6 + k6 + (x[nodes[k6].Column + 6] > nodes[k6].Threshold ? 1u : 0u);
                    k7 = k7 + k7 + (x[nodes[k7].Column + 7] > nodes[k7].Threshold ? 1u : 0u);
                }

                var sum = sums + row;
                sum[0] += leaves[k0];
                sum[1] += leaves[k1];
                sum[2] += leaves[k2];
                sum[3] += leaves[k3];
                sum[4] += leaves[k4];
                sum[5] += leaves[k5];
                sum[6] += leaves[k6];
                sum[7] += leaves[k7];
            }
        }
    }

    /// <summary>The sum of the leaves of all trees for one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private uint WalkTrees(float* x)
    {
        var depth = _depth;
        var size = (nuint)1 << depth;
        var nodes = (Node*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_nodes));
        var leaves = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_leaves)) - size;
        uint sum = 0;
        for (var tree = 0; tree < _trees; tree += Interleaved)
        {
            nuint k0 = 1, k1 = 1, k2 = 1, k3 = 1, k4 = 1, k5 = 1, k6 = 1, k7 = 1;
            Node* n1 = nodes + size, n2 = n1 + size, n3 = n2 + size, n4 = n3 + size, n5 = n4 + size, n6 = n5 + size, n7 = n6 + size;
            for (var level = 0; level < depth; level++)
            {
                k0 = k0 + k0 + (x[nodes[k0].Column] > nodes[k0].Threshold ? 1u : 0u);
                k1 = k1 + k1 + (x[n1[k1].Column] > n1[k1].Threshold ? 1u : 0u);
                k2 = k2 + k2 + (x[n2[k2].Column] > n2[k2].Threshold ? 1u : 0u);
                k3 = k3 + k3 + (x[n3[k3].Column] > n3[k3].Threshold ? 1u : 0u);
                k4 = k4 + k4 + (x[n4[k4].Column] > n4[k4].Threshold ? 1u : 0u);
                k5 = k5 + k5 + (x[n5[k5].Column] > n5[k5].Threshold ? 1u : 0u);
                k6 = k6 + k6 + (x[n6[k6].Column] > n6[k6].Threshold ? 1u : 0u);
                k7 = k7 + k7 + (x[n7[k7].Column] > n7[k7].Threshold ? 1u : 0u);
            }

            sum += (uint)leaves[k0] + leaves[size + k1] + leaves[2 * size + k2] + leaves[3 * size + k3]
                + leaves[4 * size + k4] + leaves[5 * size + k5] + leaves[6 * size + k6] + leaves[7 * size + k7];
            nodes += Interleaved * size;
            leaves += Interleaved * size;
        }

        return sum;
    }

    private void Place(TreeNode[] from, int index, Span<Node> nodes, Span<ushort> leaves, int position, int level)
    {
        var node = from[index];
        if (node.IsLeaf)
        {
            // All leaves below the position, though only the leftmost is ever reached.
            leaves.Slice((position << (_depth - level)) - (1 << _depth), 1 << (_depth - level)).Fill((ushort)node.Leaf);
            return;
        }

        nodes[position] = new Node(node.Threshold, (uint)(node.Feature * _blockRows));
        Place(from, index + 1, nodes, leaves, position * 2, level + 1);
        Place(from, node.Right, nodes, leaves, position * 2 + 1, level + 1);
    }

    /// <param name="Threshold">Above it a row goes right.</param>
    /// <param name="Column">Start of the column within a block.</param>
    private readonly record struct Node(float Threshold, uint Column);
}

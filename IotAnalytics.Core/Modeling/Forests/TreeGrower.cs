using System.Numerics;
using System.Runtime.InteropServices;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>Grows one tree after another into a list of nodes. Its buffers are reused: one grower per thread.</summary>
internal sealed class TreeGrower
{
    private readonly float[][] _columns;
    private readonly int _sampleSize;
    private readonly int _maxDepth;
    private readonly SampleDrawer _drawer;

    /// <summary>The sample, column by column; a column is there once a node of the tree has asked for it.</summary>
    private readonly float[] _sample;

    /// <summary>Per column, the last tree that asked for it.</summary>
    private readonly int[] _taken;

    /// <summary>Rows of the sample, divided among the nodes.</summary>
    private readonly int[] _members;

    /// <summary>The node's values of the column that is looked at, in the order of its members.</summary>
    private readonly float[] _values;

    /// <summary>A permutation of the columns, for drawing them without replacement. Starts as the identity in every tree.</summary>
    private readonly int[] _order;

    /// <summary>Nodes yet to come. A way down leaves one behind at each level.</summary>
    private readonly Pending[] _pending;

    private int _tree;

    public TreeGrower(float[][] columns, int rows, int sampleSize, int maxDepth)
    {
        _columns = columns;
        _sampleSize = sampleSize;
        _maxDepth = maxDepth;
        _drawer = new SampleDrawer(rows, sampleSize);
        _sample = new float[checked(columns.Length * sampleSize)];
        _members = new int[sampleSize];
        _values = new float[sampleSize];
        _order = new int[columns.Length];
        _taken = new int[columns.Length];
        _pending = new Pending[Math.Min(maxDepth, sampleSize) + 2];
    }

    /// <summary>Appends a tree in preorder; <see cref="TreeNode.Right"/> counts from the tree's root. In a leaf, <see cref="TreeNode.Right"/> is
    /// its depth and <see cref="TreeNode.Leaf"/> its number of rows.</summary>
    public void Grow(ref Xoshiro256 random, List<TreeNode> nodes)
    {
        var rows = _drawer.Draw(ref random);
        _tree++;
        Identity(_members);
        Identity(_order);
        var root = nodes.Count;
        // A tree has fewer inner nodes than rows.
        CollectionsMarshal.SetCount(nodes, root + 2 * _sampleSize - 1);
        var tree = CollectionsMarshal.AsSpan(nodes)[root..];
        var pending = _pending;
        var waiting = 0;
        pending[waiting++] = new Pending(0, _sampleSize, 0, RightOf: -1);
        var index = 0;
        for (; waiting > 0; index++)
        {
            var node = pending[--waiting];
            if (node.RightOf >= 0)
            {
                tree[node.RightOf] = tree[node.RightOf] with { Right = index };
            }

            if (node.Count > 1 && node.Depth < _maxDepth && TrySplit(ref random, node, rows, out var feature, out var threshold, out var left))
            {
                tree[index] = new TreeNode(feature, threshold, 0, 0);
                // Last in, first out: the left child becomes the next node.
                pending[waiting++] = new Pending(node.Start + left, node.Count - left, node.Depth + 1, RightOf: index);
                pending[waiting++] = new Pending(node.Start, left, node.Depth + 1, RightOf: -1);
            }
            else
            {
                tree[index] = new TreeNode(TreeNode.LeafMark, 0, node.Depth, (uint)node.Count);
            }
        }

        CollectionsMarshal.SetCount(nodes, root + index);
    }

    /// <summary>The sample's values of a column.</summary>
    private ReadOnlySpan<float> Column(int feature, ReadOnlySpan<int> rows)
    {
        var values = _sample.AsSpan(feature * _sampleSize, _sampleSize);
        if (_taken[feature] != _tree)
        {
            _taken[feature] = _tree;
            var column = _columns[feature];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = column[rows[i]];
            }
        }

        return values;
    }

    /// <summary>A column drawn evenly among those not constant in the node, a threshold uniform between its smallest and largest value.</summary>
    private bool TrySplit(ref Xoshiro256 random, Pending node, ReadOnlySpan<int> rows, out int feature, out float threshold, out int left)
    {
        var members = _members.AsSpan(node.Start, node.Count);
        var values = _values.AsSpan(0, node.Count);
        for (var i = 0; i < _order.Length; i++)
        {
            var j = i + random.NextBelow(_order.Length - i);
            (_order[i], _order[j]) = (_order[j], _order[i]);
            feature = _order[i];
            Take(Column(feature, rows), members, values);
            var (low, high) = Range(values);
            if (low < high)
            {
                threshold = (float)(low + ((double)high - low) * random.NextUniform());
                if (!(threshold < high))
                {
                    // Rounded up to the largest value: nothing would go right. Plus zero, because which of −0 and 0 is the lower is chance.
                    threshold = low + 0f;
                }

                left = Divide(members, values, threshold);
                return true;
            }
        }

        feature = 0;
        threshold = 0;
        left = 0;
        return false;
    }

    private static void Take(ReadOnlySpan<float> column, ReadOnlySpan<int> members, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = column[members[i]];
        }
    }

    private static (float Low, float High) Range(ReadOnlySpan<float> values)
    {
        float low = values[0], high = low;
        var i = 0;
        if (values.Length >= Vector<float>.Count)
        {
            var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
            Vector<float> lows = vectors[0], highs = lows;
            for (var v = 1; v < vectors.Length; v++)
            {
                lows = Vector.MinNative(lows, vectors[v]);
                highs = Vector.MaxNative(highs, vectors[v]);
            }

            for (var lane = 0; lane < Vector<float>.Count; lane++)
            {
                low = lows[lane] < low ? lows[lane] : low;
                high = highs[lane] > high ? highs[lane] : high;
            }

            i = vectors.Length * Vector<float>.Count;
        }

        for (; i < values.Length; i++)
        {
            low = values[i] < low ? values[i] : low;
            high = values[i] > high ? values[i] : high;
        }

        return (low, high);
    }

    /// <summary>Moves the rows that go left to the front; returns their number. Without branches: which way a row goes cannot be predicted.</summary>
    private static int Divide(Span<int> members, ReadOnlySpan<float> values, float threshold)
    {
        var left = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var member = members[i];
            members[i] = members[left];
            members[left] = member;
            left += values[i] <= threshold ? 1 : 0;
        }

        return left;
    }

    private static void Identity(int[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = i;
        }
    }

    private readonly record struct Pending(int Start, int Count, int Depth, int RightOf);
}

using System.Runtime.InteropServices;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>Grows one tree after another into a common list of nodes. Its buffers are reused: one grower per thread.</summary>
internal sealed class TreeGrower
{
    private readonly float[][] _columns;
    private readonly int _rows;
    private readonly int _sampleSize;
    private readonly int _maxDepth;

    /// <summary>All rows; the first <see cref="_sampleSize"/> are the tree's sample. The identity again after every tree.</summary>
    private readonly int[] _permutation;
    private readonly int[] _swaps;

    /// <summary>The sample, column by column.</summary>
    private readonly float[] _sample;

    /// <summary>Rows of the sample, divided among the nodes.</summary>
    private readonly int[] _members;

    /// <summary>A permutation of the columns, for drawing them without replacement. Starts as the identity in every tree.</summary>
    private readonly int[] _order;
    private readonly Stack<Pending> _pending = new();

    public TreeGrower(float[][] columns, int rows, int sampleSize, int maxDepth)
    {
        _columns = columns;
        _rows = rows;
        _sampleSize = sampleSize;
        _maxDepth = maxDepth;
        _permutation = new int[rows];
        _swaps = new int[sampleSize];
        _sample = new float[checked(columns.Length * sampleSize)];
        _members = new int[sampleSize];
        _order = new int[columns.Length];
        Identity(_permutation);
    }

    /// <summary>Appends a tree in preorder. In a leaf, <see cref="TreeNode.Right"/> is its depth and <see cref="TreeNode.Leaf"/> its number of rows.</summary>
    public void Grow(ref Xoshiro256 random, List<TreeNode> nodes)
    {
        DrawSample(ref random);
        Identity(_members);
        Identity(_order);
        _pending.Push(new Pending(0, _sampleSize, 0, RightOf: -1));
        while (_pending.TryPop(out var node))
        {
            var index = nodes.Count;
            if (node.RightOf >= 0)
            {
                ref var parent = ref CollectionsMarshal.AsSpan(nodes)[node.RightOf];
                parent = parent with { Right = index };
            }

            if (node.Count > 1 && node.Depth < _maxDepth && TrySplit(ref random, node, out var feature, out var threshold, out var left))
            {
                nodes.Add(new TreeNode(feature, threshold, 0, 0));
                // Last in, first out: the left child becomes the next node.
                _pending.Push(new Pending(node.Start + left, node.Count - left, node.Depth + 1, RightOf: index));
                _pending.Push(new Pending(node.Start, left, node.Depth + 1, RightOf: -1));
            }
            else
            {
                nodes.Add(new TreeNode(TreeNode.LeafMark, 0, node.Depth, (uint)node.Count));
            }
        }
    }

    private void DrawSample(ref Xoshiro256 random)
    {
        for (var i = 0; i < _sampleSize; i++)
        {
            var j = i + random.NextBelow(_rows - i);
            (_permutation[i], _permutation[j]) = (_permutation[j], _permutation[i]);
            _swaps[i] = j;
        }

        for (var f = 0; f < _columns.Length; f++)
        {
            var column = _columns[f];
            var into = _sample.AsSpan(f * _sampleSize, _sampleSize);
            for (var i = 0; i < into.Length; i++)
            {
                into[i] = column[_permutation[i]];
            }
        }

        // Undone backwards, so that a tree depends on its own stream only and not on the trees before it.
        for (var i = _sampleSize - 1; i >= 0; i--)
        {
            var j = _swaps[i];
            (_permutation[i], _permutation[j]) = (_permutation[j], _permutation[i]);
        }
    }

    /// <summary>A column drawn evenly among those not constant in the node, a threshold uniform between its smallest and largest value.</summary>
    private bool TrySplit(ref Xoshiro256 random, Pending node, out int feature, out float threshold, out int left)
    {
        var members = _members.AsSpan(node.Start, node.Count);
        for (var i = 0; i < _order.Length; i++)
        {
            var j = i + random.NextBelow(_order.Length - i);
            (_order[i], _order[j]) = (_order[j], _order[i]);
            feature = _order[i];
            var values = _sample.AsSpan(feature * _sampleSize, _sampleSize);
            float low = values[members[0]], high = low;
            foreach (var member in members)
            {
                var value = values[member];
                low = value < low ? value : low;
                high = value > high ? value : high;
            }

            if (low < high)
            {
                threshold = (float)(low + ((double)high - low) * random.NextUniform());
                if (!(threshold < high))
                {
                    // Rounded up to the largest value: nothing would go right.
                    threshold = low;
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

    /// <summary>Moves the rows that go left to the front; returns their number. Without branches: which way a row goes cannot be predicted.</summary>
    private static int Divide(Span<int> members, ReadOnlySpan<float> values, float threshold)
    {
        var left = 0;
        for (var i = 0; i < members.Length; i++)
        {
            var member = members[i];
            members[i] = members[left];
            members[left] = member;
            left += values[member] <= threshold ? 1 : 0;
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

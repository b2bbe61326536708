namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// Grows oblique trees. A node's test draws columns among those that are not constant in it; each weight is a random number over the range that
/// the column has in the node, so that units do not matter and neither does a far outlier once it has been split off. Buffers are reused: one grower per thread.
/// </summary>
internal sealed class ObliqueTreeGrower
{
    /// <summary>Shares of a range count as at least this: a threshold may lie on the edge.</summary>
    private const double LeastShare = 1e-9;

    private readonly float[][] _columns;
    private readonly int _sampleSize;
    private readonly int _maxDepth;
    private readonly int _testColumns;
    private readonly IsolationForestOptions _options;
    private readonly SampleDrawer _drawer;

    /// <summary>The sample, column by column.</summary>
    private readonly float[] _sample;

    /// <summary>Rows of the sample, divided among the nodes.</summary>
    private readonly int[] _members;
    private readonly double[] _projected;
    private readonly double[] _sorted;

    /// <summary>A permutation of the columns, for drawing them without replacement. Starts as the identity in every tree.</summary>
    private readonly int[] _order;
    private readonly ObliqueTerm[] _test;
    private readonly Stack<Pending> _pending = new();

    public ObliqueTreeGrower(float[][] columns, int rows, int sampleSize, IsolationForestOptions options)
    {
        _columns = columns;
        _sampleSize = sampleSize;
        _maxDepth = options.DepthLimit(sampleSize);
        _testColumns = Math.Min(options.ExtensionLevel + 1, columns.Length);
        _options = options;
        _drawer = new SampleDrawer(rows, sampleSize);
        _sample = new float[checked(columns.Length * sampleSize)];
        _members = new int[sampleSize];
        _projected = new double[sampleSize];
        _sorted = new double[sampleSize];
        _order = new int[columns.Length];
        _test = new ObliqueTerm[_testColumns];
    }

    /// <summary>A tree in preorder; terms and right children count from the tree's own beginning.</summary>
    public GrownObliqueTree Grow(ref Xoshiro256 random)
    {
        var tree = new GrownObliqueTree([], [], []);
        DrawSample(ref random);
        _pending.Push(new Pending(0, _sampleSize, 0, 0, RightOf: -1));
        while (_pending.TryPop(out var node))
        {
            var index = tree.Nodes.Count;
            if (node.RightOf >= 0)
            {
                tree.Nodes[node.RightOf] = tree.Nodes[node.RightOf] with { Right = index };
            }

            if (node.Count < 2 || node.Depth >= _maxDepth || !TryTest(ref random, node, out var terms, out var threshold, out var left, out var leftShare))
            {
                tree.Nodes.Add(default);
                tree.LeafValues.Add(LeafValue(node));
                continue;
            }

            tree.Nodes.Add(new ObliqueNode(tree.Terms.Count, terms, threshold, 0, 0));
            tree.LeafValues.Add(0);
            tree.Terms.AddRange(_test.AsSpan(0, terms));
            var right = node.Count - left;
            // Last in, first out: the left child becomes the next node.
            _pending.Push(new Pending(node.Start + left, right, node.Depth + 1, node.Log2Density + Log2Ratio(right, node.Count, 1 - leftShare), RightOf: index));
            _pending.Push(new Pending(node.Start, left, node.Depth + 1, node.Log2Density + Log2Ratio(left, node.Count, leftShare), RightOf: -1));
        }

        return tree;
    }

    /// <summary>Never negative: a density is at least 1 / ψ, that of one row with the whole range for itself.</summary>
    private double LeafValue(in Pending leaf) => _options.Metric == LeafMetric.PathLength
        ? leaf.Depth + PathLength.Average(leaf.Count)
        : Math.Max(0, leaf.Log2Density + Math.Log2(_sampleSize));

    private static double Log2Ratio(int rows, int of, double share) => Math.Log2((double)rows / of / Math.Max(share, LeastShare));

    private void DrawSample(ref Xoshiro256 random)
    {
        var rows = _drawer.Draw(ref random);
        for (var f = 0; f < _columns.Length; f++)
        {
            var column = _columns[f];
            var into = _sample.AsSpan(f * _sampleSize, _sampleSize);
            for (var i = 0; i < into.Length; i++)
            {
                into[i] = column[rows[i]];
            }

            _order[f] = f;
        }

        for (var i = 0; i < _members.Length; i++)
        {
            _members[i] = i;
        }
    }

    private bool TryTest(ref Xoshiro256 random, in Pending node, out int terms, out double threshold, out int left, out double leftShare)
    {
        var members = _members.AsSpan(node.Start, node.Count);
        var projected = _projected.AsSpan(0, node.Count);
        projected.Clear();
        terms = DrawTerms(ref random, members);
        for (var t = 0; t < terms; t++)
        {
            var (column, weight) = _test[t];
            var values = _sample.AsSpan(column * _sampleSize, _sampleSize);
            for (var i = 0; i < members.Length; i++)
            {
                projected[i] += weight * (double)values[members[i]];
            }
        }

        double low = projected[0], high = low;
        foreach (var value in projected)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }

        (threshold, left, leftShare) = (0, 0, 0);
        if (!(low < high) || !double.IsFinite(high - low))
        {
            return false;
        }

        threshold = Threshold(ref random, projected, low, high);
        leftShare = (threshold - low) / (high - low);
        left = Divide(members, projected, threshold);
        return true;
    }

    private double Threshold(ref Xoshiro256 random, ReadOnlySpan<double> projected, double low, double high)
    {
        if (_options.Criterion == SplitCriterion.Random)
        {
            var threshold = low + (high - low) * random.NextUniform();
            // Rounded up to the largest value: nothing would go right.
            return threshold < high ? threshold : low;
        }

        var sorted = _sorted.AsSpan(0, projected.Length);
        projected.CopyTo(sorted);
        return SplitSearch.Best(sorted, _options.Criterion);
    }

    /// <summary>Fills the test with columns that are not constant; fewer than asked for when there are fewer.</summary>
    private int DrawTerms(ref Xoshiro256 random, ReadOnlySpan<int> members)
    {
        var terms = 0;
        for (var i = 0; i < _order.Length && terms < _testColumns; i++)
        {
            var j = i + random.NextBelow(_order.Length - i);
            (_order[i], _order[j]) = (_order[j], _order[i]);
            var values = _sample.AsSpan(_order[i] * _sampleSize, _sampleSize);
            float low = values[members[0]], high = low;
            foreach (var member in members)
            {
                low = Math.Min(low, values[member]);
                high = Math.Max(high, values[member]);
            }

            // A single column needs no weight, which also keeps the exact values.
            var weight = _testColumns == 1 ? 1 : (float)(Gaussian(ref random) / ((double)high - low));
            if (low < high && float.IsFinite(weight) && weight != 0)
            {
                _test[terms++] = new ObliqueTerm(_order[i], weight);
            }
        }

        return terms;
    }

    /// <summary>Close to a normal number: the sum of four uniform ones. Their logarithms and cosines would have other bits on other systems.</summary>
    private static double Gaussian(ref Xoshiro256 random)
    {
        var bits = random.Next();
        var sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
        return (sum - 2 * 65_535.0) / 65_536;
    }

    /// <summary>Moves the rows that go left to the front; returns their number.</summary>
    private static int Divide(Span<int> members, Span<double> projected, double threshold)
    {
        var left = 0;
        for (var i = 0; i < members.Length; i++)
        {
            if (projected[i] <= threshold)
            {
                (members[i], members[left]) = (members[left], members[i]);
                (projected[i], projected[left]) = (projected[left], projected[i]);
                left++;
            }
        }

        return left;
    }

    private readonly record struct Pending(int Start, int Count, int Depth, double Log2Density, int RightOf);
}

/// <summary>A tree whose leaves are not yet integers.</summary>
/// <param name="LeafValues">One for each node; 0 for inner ones.</param>
internal sealed record GrownObliqueTree(List<ObliqueNode> Nodes, List<ObliqueTerm> Terms, List<double> LeafValues);

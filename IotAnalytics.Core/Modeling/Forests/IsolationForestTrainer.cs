using System.Runtime.InteropServices;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>Grows isolation forests (Liu, Ting, Zhou 2008) with scikit-learn's rules; a fixed seed gives a fixed forest.</summary>
internal static class IsolationForestTrainer
{
    /// <summary>Depth up to which a forest gets 16-bit leaves and so the fast layouts.</summary>
    private const int ShallowDepth = 16;

    /// <param name="columns">One array per feature, finite values only.</param>
    /// <param name="rows">At least 2.</param>
    /// <exception cref="TrainingException">Too few rows, or options out of range.</exception>
    public static IsolationForest Train(float[][] columns, int rows, IsolationForestOptions options, CancellationToken cancellationToken)
    {
        if (options.Errors().ToArray() is { Length: > 0 } errors)
        {
            throw new TrainingException(string.Join("; ", errors));
        }

        if (rows < 2)
        {
            throw new TrainingException($"A forest needs at least 2 rows; there are {rows}.");
        }

        for (var f = 0; f < columns.Length; f++)
        {
            if (columns[f].AsSpan(0, rows).ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
            {
                throw new TrainingException($"Feature {f} has a value that is not finite.");
            }
        }

        var sampleSize = Math.Min(options.SampleSize, rows);
        var grower = new TreeGrower(columns, rows, sampleSize, options.MaxDepth ?? PathLength.DepthLimit(sampleSize));
        var nodes = new List<TreeNode>(options.Trees * Math.Min(sampleSize, 256));
        var roots = new int[options.Trees];
        for (var tree = 0; tree < options.Trees; tree++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            roots[tree] = nodes.Count;
            var random = new Xoshiro256(options.Seed, tree);
            grower.Grow(ref random, nodes);
        }

        return Quantise(CollectionsMarshal.AsSpan(nodes), roots, columns.Length, sampleSize);
    }

    /// <summary>Path lengths become integers, so that their sum is exact in any order: the largest is 65,535 units (2³¹ − 1 in deep forests).</summary>
    private static IsolationForest Quantise(Span<TreeNode> nodes, int[] roots, int featureCount, int sampleSize)
    {
        double longest = 0;
        var depth = 0;
        foreach (ref readonly var node in nodes)
        {
            if (node.IsLeaf)
            {
                longest = Math.Max(longest, node.Right + PathLength.Average((int)node.Leaf));
                depth = Math.Max(depth, node.Right);
            }
        }

        var unit = longest / (depth <= ShallowDepth ? ushort.MaxValue : int.MaxValue);
        foreach (ref var node in nodes)
        {
            if (node.IsLeaf)
            {
                node = node with { Right = 0, Leaf = (uint)Math.Round((node.Right + PathLength.Average((int)node.Leaf)) / unit) };
            }
        }

        return new IsolationForest(nodes.ToArray(), roots, featureCount, sampleSize, unit, PathLength.Average(sampleSize));
    }
}

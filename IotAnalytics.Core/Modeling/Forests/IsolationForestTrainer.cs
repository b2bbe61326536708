using System.Runtime.InteropServices;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>Grows isolation forests (Liu, Ting, Zhou 2008) with scikit-learn's rules; a fixed seed gives a fixed forest.</summary>
internal static class IsolationForestTrainer
{
    /// <summary>Depth up to which a forest gets 16-bit leaves and so the fast layouts.</summary>
    private const int ShallowDepth = 16;

    /// <summary>Rows of all trees together below which a second thread costs more than it saves.</summary>
    private const long ParallelRows = 200_000;

    /// <summary>Room for the trees of larger samples is made as they grow.</summary>
    private const int MaxUsualSample = 512;

    /// <summary>Grows on all processors when there is enough to do.</summary>
    /// <param name="columns">One array per feature, finite values only.</param>
    /// <param name="rows">At least 2.</param>
    /// <exception cref="TrainingException">Too few rows, or options out of range.</exception>
    public static IsolationForest Train(float[][] columns, int rows, IsolationForestOptions options, CancellationToken cancellationToken)
    {
        var grown = (long)options.Trees * Math.Min(options.SampleSize, rows);
        return Train(columns, rows, options, options.Threads ?? (grown < ParallelRows ? 1 : Environment.ProcessorCount), cancellationToken);
    }

    /// <summary>The same with a number of threads: it does not change the forest.</summary>
    public static IsolationForest Train(float[][] columns, int rows, IsolationForestOptions options, int threads, CancellationToken cancellationToken)
    {
        Check(columns, rows, options);
        var sampleSize = Math.Min(options.SampleSize, rows);
        var grown = new GrownTree[options.Trees];
        var next = -1;
        if (threads == 1)
        {
            GrowSome();
        }
        else
        {
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, _ => GrowSome());
        }

        return Join(grown, columns.Length, sampleSize);

        // Each tree has its own stream of the seed, so it does not matter who grows it.
        void GrowSome()
        {
            var grower = new TreeGrower(columns, rows, sampleSize, options.MaxDepth ?? PathLength.DepthLimit(sampleSize));
            // About what this thread will grow; the last tree needs room for the largest that there is.
            var nodes = new List<TreeNode>((int)Math.Min(Array.MaxLength / 2, (options.Trees / threads + 2) * (long)Math.Min(sampleSize, MaxUsualSample) * 9 / 8));
            for (var tree = Interlocked.Increment(ref next); tree < grown.Length; tree = Interlocked.Increment(ref next))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var start = nodes.Count;
                var random = new Xoshiro256(options.Seed, tree);
                grower.Grow(ref random, nodes);
                grown[tree] = new GrownTree(nodes, start, nodes.Count - start);
            }
        }
    }

    /// <summary>The path length of one unit of <see cref="TreeNode.Leaf"/>.</summary>
    /// <param name="longest">The longest path length of all leaves.</param>
    /// <param name="depth">Tests on the longest way to a leaf.</param>
    public static double LeafUnit(double longest, int depth) => longest > 0 ? longest / (depth <= ShallowDepth ? ushort.MaxValue : int.MaxValue) : 1;

    /// <exception cref="TrainingException">Too few rows, values that are not finite, or options out of range.</exception>
    public static void Check(float[][] columns, int rows, IsolationForestOptions options)
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
    }

    /// <summary>
    /// Puts the trees one after another. Path lengths become integers, so that their sum is exact in any order: the largest is 65,535 units
    /// (2³¹ − 1 in deep forests).
    /// </summary>
    private static IsolationForest Join(GrownTree[] trees, int featureCount, int sampleSize)
    {
        var paths = new LeafPaths(sampleSize);
        double longest = 0;
        var depth = 0;
        var count = 0;
        foreach (var tree in trees)
        {
            count += tree.Count;
            foreach (ref readonly var node in tree.Nodes)
            {
                if (node.IsLeaf)
                {
                    longest = Math.Max(longest, paths.Of(node));
                    depth = Math.Max(depth, node.Right);
                }
            }
        }

        var unit = LeafUnit(longest, depth);
        var nodes = GC.AllocateUninitializedArray<TreeNode>(count);
        var roots = new int[trees.Length];
        var at = 0;
        for (var tree = 0; tree < trees.Length; tree++)
        {
            roots[tree] = at;
            foreach (ref readonly var node in trees[tree].Nodes)
            {
                nodes[at++] = node.IsLeaf
                    ? new TreeNode(TreeNode.LeafMark, 0, 0, (uint)Math.Round(paths.Of(node) / unit))
                    : node with { Right = node.Right + roots[tree] };
            }
        }

        return new IsolationForest(nodes, roots, featureCount, sampleSize, unit, PathLength.Average(sampleSize));
    }

    /// <summary>A tree within its thread's list; right children count from its root.</summary>
    private readonly record struct GrownTree(List<TreeNode> All, int Start, int Count)
    {
        public ReadOnlySpan<TreeNode> Nodes => CollectionsMarshal.AsSpan(All).Slice(Start, Count);
    }

    /// <summary>Path lengths of leaves; c(n) is computed once for each n.</summary>
    private readonly struct LeafPaths(int sampleSize)
    {
        private readonly double[] _average = CreateTable(sampleSize);

        public double Of(in TreeNode leaf)
        {
            ref var average = ref _average[leaf.Leaf];
            if (double.IsNaN(average))
            {
                average = PathLength.Average((int)leaf.Leaf);
            }

            return leaf.Right + average;
        }

        private static double[] CreateTable(int sampleSize)
        {
            var table = new double[sampleSize + 1];
            table.AsSpan().Fill(double.NaN);
            return table;
        }
    }
}

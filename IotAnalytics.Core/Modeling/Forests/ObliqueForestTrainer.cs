namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>Grows oblique forests; a fixed seed gives a fixed forest at any number of threads.</summary>
internal static class ObliqueForestTrainer
{
    /// <param name="columns">One array per feature, finite values only.</param>
    /// <param name="rows">At least 2.</param>
    /// <exception cref="TrainingException">Too few rows, or options out of range.</exception>
    public static ObliqueForest Train(float[][] columns, int rows, IsolationForestOptions options, CancellationToken cancellationToken) =>
        Train(columns, rows, options, options.Threads ?? Environment.ProcessorCount, cancellationToken);

    /// <summary>The same with a number of threads: it does not change the forest.</summary>
    public static ObliqueForest Train(float[][] columns, int rows, IsolationForestOptions options, int threads, CancellationToken cancellationToken)
    {
        IsolationForestTrainer.Check(columns, rows, options);
        var sampleSize = Math.Min(options.SampleSize, rows);
        var grown = new GrownObliqueTree[options.Trees];
        var next = -1;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, _ =>
        {
            // Each tree has its own stream of the seed, so it does not matter who grows it.
            var grower = new ObliqueTreeGrower(columns, rows, sampleSize, options);
            for (var tree = Interlocked.Increment(ref next); tree < grown.Length; tree = Interlocked.Increment(ref next))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var random = new Xoshiro256(options.Seed, tree);
                grown[tree] = grower.Grow(ref random);
            }
        });
        return Join(grown, columns.Length, sampleSize, options.Metric);
    }

    /// <summary>Puts the trees one after another. Leaves become integers, so that their sum is exact in any order: the largest is 2³¹ − 1 units.</summary>
    private static ObliqueForest Join(GrownObliqueTree[] grown, int featureCount, int sampleSize, LeafMetric metric)
    {
        var largest = grown.Max(t => t.LeafValues.Max());
        var unit = largest > 0 ? largest / int.MaxValue : 1;
        var nodes = new ObliqueNode[grown.Sum(t => t.Nodes.Count)];
        var terms = new ObliqueTerm[grown.Sum(t => t.Terms.Count)];
        var roots = new int[grown.Length];
        int nodeAt = 0, termAt = 0;
        for (var t = 0; t < grown.Length; t++)
        {
            roots[t] = nodeAt;
            grown[t].Terms.CopyTo(terms, termAt);
            for (var i = 0; i < grown[t].Nodes.Count; i++)
            {
                var node = grown[t].Nodes[i];
                nodes[nodeAt++] = node.IsLeaf
                    ? node with { Leaf = (uint)Math.Round(grown[t].LeafValues[i] / unit) }
                    : node with { FirstTerm = node.FirstTerm + termAt, Right = node.Right + roots[t] };
            }

            termAt += grown[t].Terms.Count;
        }

        var normalizer = metric == LeafMetric.PathLength ? PathLength.Average(sampleSize) : Math.Log2(sampleSize);
        return new ObliqueForest(nodes, terms, roots, featureCount, sampleSize, metric, unit, normalizer);
    }
}

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>An oblique forest within a model file.</summary>
internal static class ObliqueForestFormat
{
    private const int NodeLength = 6;
    private const int TermLength = 6;
    private const int MaxColumns = 65_534;

    public static void Write(ModelFileWriter w, ObliqueForest forest)
    {
        w.UInt32((uint)forest.FeatureCount);
        w.UInt32((uint)forest.SampleSize);
        w.UInt32((uint)forest.Metric);
        w.Double(forest.LeafUnit);
        w.Double(forest.Normalizer);
        w.UInt32((uint)forest.Trees);
        w.UInt32((uint)forest.Nodes.Length);
        w.UInt32((uint)forest.Terms.Length);
        foreach (var node in forest.Nodes)
        {
            w.UInt16((ushort)node.TermCount);
            if (node.IsLeaf)
            {
                w.UInt32(node.Leaf);
                continue;
            }

            foreach (var term in forest.Terms.AsSpan(node.FirstTerm, node.TermCount))
            {
                w.UInt16((ushort)term.Column);
                w.Single(term.Weight);
            }

            w.Double(node.Threshold);
        }
    }

    public static ObliqueForest Read(ref ModelFileReader section)
    {
        var featureCount = section.UInt32();
        var sampleSize = section.UInt32();
        var metric = (LeafMetric)section.UInt32();
        var leafUnit = section.FiniteDouble();
        var normalizer = section.FiniteDouble();
        var trees = section.Count(NodeLength, IsolationForestOptions.MaxTrees);
        var nodes = new ObliqueNode[section.Count(NodeLength, int.MaxValue)];
        var terms = new ObliqueTerm[section.Count(TermLength, int.MaxValue)];
        if (featureCount is 0 or > MaxColumns || sampleSize is < 2 or > IsolationForestOptions.MaxSampleSize
            || metric is not (LeafMetric.PathLength or LeafMetric.Density) || leafUnit <= 0 || normalizer <= 0 || trees == 0)
        {
            throw new ModelFileException("The model file's forest has a size that no forest has.");
        }

        var nextTerm = 0;
        for (var i = 0; i < nodes.Length; i++)
        {
            var count = section.UInt16();
            if (count == 0)
            {
                nodes[i] = new ObliqueNode(0, 0, 0, 0, section.UInt32());
                continue;
            }

            if (count > terms.Length - nextTerm)
            {
                throw new ModelFileException("The model file's forest has more terms than it says.");
            }

            for (var t = 0; t < count; t++)
            {
                var column = section.UInt16();
                var weight = section.Single();
                terms[nextTerm + t] = column < featureCount && float.IsFinite(weight)
                    ? new ObliqueTerm(column, weight)
                    : throw new ModelFileException($"The model file's forest tests feature {column} of {featureCount} with the weight {weight}.");
            }

            nodes[i] = new ObliqueNode(nextTerm, count, section.FiniteDouble(), 0, 0);
            nextTerm += count;
        }

        if (nextTerm != terms.Length)
        {
            throw new ModelFileException("The model file's forest has fewer terms than it says.");
        }

        var rights = new int[nodes.Length];
        var roots = PreorderTrees.Link(Array.ConvertAll(nodes, n => n.IsLeaf), trees, rights);
        for (var i = 0; i < nodes.Length; i++)
        {
            nodes[i] = nodes[i] with { Right = rights[i] };
        }

        var forest = new ObliqueForest(nodes, terms, roots, (int)featureCount, (int)sampleSize, metric, leafUnit, normalizer);
        return forest.Depth <= IsolationForestOptions.DepthCeiling ? forest : throw new ModelFileException("A tree of the model file is too deep.");
    }
}

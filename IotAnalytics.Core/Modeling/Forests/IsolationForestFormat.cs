namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>A forest within a model file.</summary>
internal static class IsolationForestFormat
{
    private const ushort LeafMark = ushort.MaxValue;
    private const int NodeLength = 6;

    public static void Write(ModelFileWriter w, IsolationForest forest)
    {
        w.UInt32((uint)forest.FeatureCount);
        w.UInt32((uint)forest.SampleSize);
        w.Double(forest.LeafUnit);
        w.Double(forest.Normalizer);
        w.UInt32((uint)forest.Trees);
        w.UInt32((uint)forest.Nodes.Length);
        foreach (var node in forest.Nodes)
        {
            w.UInt16(node.IsLeaf ? LeafMark : (ushort)node.Feature);
            if (node.IsLeaf)
            {
                w.UInt32(node.Leaf);
            }
            else
            {
                w.Single(node.Threshold);
            }
        }
    }

    public static IsolationForest Read(ref ModelFileReader section)
    {
        var featureCount = section.UInt32();
        var sampleSize = section.UInt32();
        var leafUnit = section.FiniteDouble();
        var normalizer = section.FiniteDouble();
        var trees = section.Count(NodeLength, IsolationForestOptions.MaxTrees);
        var count = section.Count(NodeLength, int.MaxValue);
        if (featureCount is 0 or >= LeafMark || sampleSize is < 2 or > IsolationForestOptions.MaxSampleSize || leafUnit <= 0 || normalizer <= 0 || trees == 0)
        {
            throw new ModelFileException("The model file's forest has a size that no forest has.");
        }

        var nodes = new TreeNode[count];
        for (var i = 0; i < count; i++)
        {
            var feature = section.UInt16();
            if (feature == LeafMark)
            {
                nodes[i] = new TreeNode(TreeNode.LeafMark, 0, 0, section.UInt32());
                continue;
            }

            var threshold = section.Single();
            nodes[i] = feature < featureCount && float.IsFinite(threshold)
                ? new TreeNode(feature, threshold, 0, 0)
                : throw new ModelFileException($"The model file's forest tests feature {feature} of {featureCount} against {threshold}.");
        }

        var rights = new int[count];
        var roots = PreorderTrees.Link(Array.ConvertAll(nodes, n => n.IsLeaf), trees, rights);
        for (var i = 0; i < count; i++)
        {
            nodes[i] = nodes[i] with { Right = rights[i] };
        }

        return ForestDepth.Of(nodes, roots) <= IsolationForestOptions.DepthCeiling
            ? new IsolationForest(nodes, roots, (int)featureCount, (int)sampleSize, leafUnit, normalizer)
            : throw new ModelFileException("A tree of the model file is too deep.");
    }
}

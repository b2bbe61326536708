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

        section.End();
        var roots = Link(nodes, trees);
        return ForestDepth.Of(nodes, roots) <= IsolationForestOptions.DepthCeiling
            ? new IsolationForest(nodes, roots, (int)featureCount, (int)sampleSize, leafUnit, normalizer)
            : throw new ModelFileException("A tree of the model file is too deep.");
    }

    /// <summary>Finds roots and right children: preorder has no more to say. Every node is visited once.</summary>
    private static int[] Link(TreeNode[] nodes, int trees)
    {
        var roots = new int[trees];
        var waiting = new Stack<int>();
        var next = 0;
        for (var tree = 0; tree < trees; tree++)
        {
            roots[tree] = next;
            var open = true;
            while (open)
            {
                if (next == nodes.Length)
                {
                    throw new ModelFileException("The model file's last trees are missing.");
                }

                if (!nodes[next].IsLeaf)
                {
                    waiting.Push(next++);
                    continue;
                }

                next++;
                open = waiting.TryPop(out var parent);
                if (open)
                {
                    nodes[parent] = nodes[parent] with { Right = next };
                }
            }
        }

        return next == nodes.Length ? roots : throw new ModelFileException("The model file has nodes that belong to no tree.");
    }
}

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>The depth of trees stored in preorder.</summary>
internal static class ForestDepth
{
    /// <summary>Tests on the longest way from a root to a leaf. A parent comes before its children, so one pass is enough.</summary>
    public static int Of(ReadOnlySpan<TreeNode> nodes, ReadOnlySpan<int> roots)
    {
        var depths = new int[nodes.Length];
        var deepest = 0;
        foreach (var root in roots)
        {
            depths[root] = 0;
        }

        for (var i = 0; i < nodes.Length; i++)
        {
            deepest = Math.Max(deepest, depths[i]);
            if (!nodes[i].IsLeaf)
            {
                depths[i + 1] = depths[nodes[i].Right] = depths[i] + 1;
            }
        }

        return deepest;
    }
}

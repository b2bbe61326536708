using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Core.Modeling.Interop.ScikitLearn;

/// <summary>scikit-learn's trees as preorder nodes with integer path lengths.</summary>
internal static class ScikitLearnTrees
{
    private const int NoChild = -1;

    /// <exception cref="InteropException">A tree that is none.</exception>
    public static IsolationForest Convert(ScikitLearnForest forest)
    {
        var nodes = new List<TreeNode>();
        var paths = new List<double>();
        var roots = new int[forest.Trees.Length];
        var depth = 0;
        for (var t = 0; t < roots.Length; t++)
        {
            roots[t] = nodes.Count;
            depth = Math.Max(depth, Append(forest.Trees[t] ?? throw Broken(t, "it is null"), t, forest.Features.Length, nodes, paths));
        }

        var unit = IsolationForestTrainer.LeafUnit(paths.Max(), depth);
        var quantised = nodes.ToArray();
        for (var i = 0; i < quantised.Length; i++)
        {
            if (quantised[i].IsLeaf)
            {
                quantised[i] = quantised[i] with { Leaf = (uint)Math.Round(paths[i] / unit) };
            }
        }

        return new IsolationForest(quantised, roots, forest.Features.Length, forest.MaxSamples, unit, PathLength.Average(forest.MaxSamples));
    }

    /// <summary>Appends a tree in preorder; the path length of a leaf stands at its index. Returns the depth.</summary>
    private static int Append(ScikitLearnTree tree, int number, int features, List<TreeNode> nodes, List<double> paths)
    {
        var count = tree.Feature.Length;
        if (count == 0 || tree.Threshold.Length != count || tree.Left.Length != count || tree.Right.Length != count || tree.Samples.Length != count)
        {
            throw Broken(number, "its arrays are empty or of different lengths");
        }

        var deepest = 0;
        var seen = new bool[count];
        var reached = 0;
        var waiting = new Stack<(int Node, int Depth, int RightOf)>([(0, 0, NoChild)]);
        while (waiting.TryPop(out var next))
        {
            var (node, depth, rightOf) = next;
            if ((uint)node >= (uint)count)
            {
                throw Broken(number, $"child {node} of {count} nodes");
            }

            if (seen[node] || depth > IsolationForestOptions.DepthCeiling)
            {
                throw Broken(number, seen[node] ? $"node {node} has two parents" : $"it is deeper than {IsolationForestOptions.DepthCeiling}");
            }

            seen[node] = true;
            reached++;

            if (rightOf >= 0)
            {
                nodes[rightOf] = nodes[rightOf] with { Right = nodes.Count };
            }

            deepest = Math.Max(deepest, depth);
            var isLeaf = tree.Left[node] == NoChild && tree.Right[node] == NoChild;
            if (isLeaf)
            {
                paths.Add(tree.Samples[node] >= 1 ? depth + PathLength.Average(tree.Samples[node]) : throw Broken(number, $"leaf {node} has {tree.Samples[node]} samples"));
                nodes.Add(new TreeNode(TreeNode.LeafMark, 0, 0, 0));
                continue;
            }

            var threshold = RoundDown(tree.Threshold[node]);
            if ((uint)tree.Feature[node] >= (uint)features || !float.IsFinite(threshold))
            {
                throw Broken(number, $"node {node} tests feature {tree.Feature[node]} of {features} against {tree.Threshold[node]}");
            }

            waiting.Push((tree.Right[node], depth + 1, nodes.Count));
            waiting.Push((tree.Left[node], depth + 1, NoChild));
            paths.Add(0);
            nodes.Add(new TreeNode(tree.Feature[node], threshold, 0, 0));
        }

        return reached == count ? deepest : throw Broken(number, $"{count - reached} of its nodes cannot be reached");
    }

    /// <summary>The largest 32-bit float that is not above: x ≤ t for the one exactly when for the other.</summary>
    private static float RoundDown(double threshold)
    {
        var rounded = (float)threshold;
        return rounded > threshold ? float.BitDecrement(rounded) : rounded;
    }

    private static InteropException Broken(int tree, string why) => new($"The forest cannot be imported: tree {tree}: {why}.");
}

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>What nodes in preorder leave unsaid.</summary>
internal static class PreorderTrees
{
    /// <summary>Finds roots and right children. Every node is visited once.</summary>
    /// <param name="leaves">Whether each node is a leaf.</param>
    /// <param name="rights">Receives the right child of each inner node.</param>
    /// <exception cref="ModelFileException">The nodes are not so many whole trees.</exception>
    public static int[] Link(ReadOnlySpan<bool> leaves, int trees, Span<int> rights)
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
                if (next == leaves.Length)
                {
                    throw new ModelFileException("The model file's last trees are missing.");
                }

                if (!leaves[next])
                {
                    waiting.Push(next++);
                    continue;
                }

                next++;
                open = waiting.TryPop(out var parent);
                if (open)
                {
                    rights[parent] = next;
                }
            }
        }

        return next == leaves.Length ? roots : throw new ModelFileException("The model file has nodes that belong to no tree.");
    }
}

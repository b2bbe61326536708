namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// A forest of depth 8 as tables of 16-bit words for lookups in registers of eight words: per tree the root, levels 1 and 2, and then levels
/// 3 to 7 and the leaves, 1 to 32 registers each. Within a register a word is found by the first three turns of the way, and the
/// register by the turns after, the fourth first. A node is the rank of its threshold and, in the low bits, its column, less 2^15:
/// AVX2 compares signed words only.
/// </summary>
internal static class ShuffleTables
{
    public const int Depth = 8;

    /// <summary>Words of a register that a shuffle can reach.</summary>
    public const int Width = 8;

    /// <summary>The root, eight times; then level 1 and level 2, each in a register.</summary>
    public const int Level3 = 3 * Width;
    public const int Level4 = Level3 + Width;
    public const int Level5 = Level4 + 2 * Width;
    public const int Level6 = Level5 + 4 * Width;
    public const int Level7 = Level6 + 8 * Width;
    public const int Leaves = Level7 + 16 * Width;
    public const int TreeLength = Leaves + 32 * Width;

    /// <summary>Makes unsigned words comparable as signed ones.</summary>
    public const ushort Bias = 0x8000;

    private const int ShuffledTurns = 3;

    public static ushort[] Build(IsolationForest forest, ThresholdRanks[] ranks)
    {
        var tables = GC.AllocateArray<ushort>(forest.Trees * TreeLength, pinned: true);
        for (var tree = 0; tree < forest.Trees; tree++)
        {
            var words = tables.AsSpan(tree * TreeLength, TreeLength);
            words[..Leaves].Fill(PermuteTables.AlwaysLeft ^ Bias);
            Place(forest.Nodes, forest.Roots[tree], words, position: 0, level: 0, ranks, PermuteTables.ColumnBits(forest.FeatureCount));
        }

        return tables;
    }

    private static void Place(TreeNode[] nodes, int index, Span<ushort> words, int position, int level, ThresholdRanks[] ranks, int bits)
    {
        var node = nodes[index];
        if (node.IsLeaf)
        {
            var below = Depth - level;
            for (var leaf = position << below; leaf < (position + 1) << below; leaf++)
            {
                words[WordOf(leaf, Depth)] = (ushort)node.Leaf;
            }

            return;
        }

        words[WordOf(position, level)] = (ushort)(((ranks[node.Feature].IndexOf(node.Threshold) << bits) | node.Feature) ^ Bias);
        Place(nodes, index + 1, words, position * 2, level + 1, ranks, bits);
        Place(nodes, node.Right, words, position * 2 + 1, level + 1, ranks, bits);
    }

    /// <param name="position">Within the level, from the left.</param>
    private static int WordOf(int position, int level)
    {
        if (level < ShuffledTurns)
        {
            return level * Width + position;
        }

        var later = level - ShuffledTurns;
        // Registers of the levels above: 1 + 2 + 4 + … of them.
        var start = Level3 + ((1 << later) - 1) * Width;
        return start + (position & ((1 << later) - 1)) * Width + (position >> later);
    }
}

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// A forest of depth 8 as tables of 16-bit words, one after another per tree: levels 0 to 5 of up to 32 nodes, level 6 of 64, level 7 of
/// 128, and 256 leaves. A node is the rank of its threshold and, in the low bits, its column.
/// </summary>
internal static class PermuteTables
{
    public const int Depth = 8;
    public const int MaxColumns = 16;
    public const int Level6 = 6 * 32;
    public const int Level7 = Level6 + 64;
    public const int Leaves = Level7 + 128;
    public const int TreeLength = Leaves + 256;

    /// <summary>Above every rank: always left.</summary>
    public const ushort AlwaysLeft = ushort.MaxValue;

    /// <summary>Low bits of a node that hold its column.</summary>
    public static int ColumnBits(int columns) => columns switch { 1 => 0, 2 => 1, <= 4 => 2, <= 8 => 3, _ => 4 };

    /// <summary>Whether the ranks of a column fit beside the column's bits.</summary>
    public static bool RankFits(int thresholds, int columns) => thresholds < (1 << (16 - ColumnBits(columns))) - 1;

    public static ushort[] Build(IsolationForest forest, ThresholdRanks[] ranks)
    {
        var bits = ColumnBits(forest.FeatureCount);
        var tables = GC.AllocateArray<ushort>(forest.Trees * TreeLength, pinned: true);
        for (var tree = 0; tree < forest.Trees; tree++)
        {
            var words = tables.AsSpan(tree * TreeLength, TreeLength);
            words[..Leaves].Fill(AlwaysLeft);
            Place(forest.Nodes, forest.Roots[tree], words, position: 0, level: 0, ranks, bits);
        }

        return tables;
    }

    private static void Place(TreeNode[] nodes, int index, Span<ushort> words, int position, int level, ThresholdRanks[] ranks, int bits)
    {
        var node = nodes[index];
        if (node.IsLeaf)
        {
            words.Slice(Leaves + (position << (Depth - level)), 1 << (Depth - level)).Fill((ushort)node.Leaf);
            return;
        }

        var start = level switch { < 6 => level * 32, 6 => Level6, _ => Level7 };
        words[start + position] = (ushort)((ranks[node.Feature].IndexOf(node.Threshold) << bits) | node.Feature);
        Place(nodes, index + 1, words, position * 2, level + 1, ranks, bits);
        Place(nodes, node.Right, words, position * 2 + 1, level + 1, ranks, bits);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// Complete trees in heap order (root 1, children 2k and 2k + 1) of 32-bit words: a node is the rank of its threshold and, in the low bits,
/// its column; the last level are the leaves. With the same node of eight trees side by side and, for those who walk by rows, tree by tree.
/// </summary>
internal sealed unsafe class RankTables
{
    /// <summary>Levels 0 to 3 are looked up in two registers: no tree is shallower.</summary>
    public const int LeastDepth = 4;

    /// <summary>Trees whose words lie side by side.</summary>
    public const int GroupTrees = 8;

    private const int MaxDepth = 12;
    private const long MaxWords = 8 << 20;

    private readonly int[] _byTree;
    private readonly int[] _byNode;

    private RankTables(IsolationForest forest, bool byTree)
    {
        Ranks = ThresholdRanks.OfForest(forest);
        Trees = forest.Trees;
        Depth = Math.Max(LeastDepth, forest.Depth);
        ColumnBits = 32 - int.LeadingZeroCount(forest.FeatureCount - 1);
        TreeLength = 2 << Depth;
        Groups = (Trees + GroupTrees - 1) / GroupTrees;
        _byTree = byTree ? GC.AllocateArray<int>(Trees * TreeLength, pinned: true) : [];
        _byNode = GC.AllocateArray<int>(Groups * GroupTrees * TreeLength, pinned: true);
        var alwaysLeft = int.MaxValue >> ColumnBits << ColumnBits;
        var words = new int[TreeLength];
        for (var tree = 0; tree < Groups * GroupTrees; tree++)
        {
            words.AsSpan(0, TreeLength / 2).Fill(alwaysLeft);
            words.AsSpan(TreeLength / 2).Clear();
            // Trees of nothing but zero leaves fill the last group.
            if (tree < Trees)
            {
                Place(forest.Nodes, forest.Roots[tree], words, position: 1, level: 0);
                if (byTree)
                {
                    words.CopyTo(_byTree, tree * TreeLength);
                }
            }

            var group = _byNode.AsSpan(tree / GroupTrees * GroupTrees * TreeLength, GroupTrees * TreeLength);
            for (var node = 0; node < TreeLength; node++)
            {
                group[node * GroupTrees + tree % GroupTrees] = words[node];
            }
        }
    }

    public ThresholdRanks[] Ranks { get; }
    public int Trees { get; }

    /// <summary>Groups of eight trees.</summary>
    public int Groups { get; }
    public int Depth { get; }

    /// <summary>Low bits of a node that hold its column.</summary>
    public int ColumnBits { get; }

    /// <summary>Words of a tree, the first unused.</summary>
    public int TreeLength { get; }

    /// <summary>Tree after tree; only when asked for.</summary>
    public int* ByTree => (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_byTree));

    /// <summary>Group after group; within it node after node, eight trees each.</summary>
    public int* ByNode => (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_byNode));

    /// <summary>Null when the trees are too deep or too many.</summary>
    public static RankTables? TryCreate(IsolationForest forest, bool byTree) =>
        forest.Depth <= MaxDepth && (long)(forest.Trees + GroupTrees) << (Math.Max(LeastDepth, forest.Depth) + 1) <= MaxWords
        && Array.TrueForAll(forest.Nodes, n => n.Leaf <= ushort.MaxValue) ? new RankTables(forest, byTree) : null;

    private void Place(TreeNode[] nodes, int index, Span<int> words, int position, int level)
    {
        var node = nodes[index];
        if (node.IsLeaf)
        {
            // All leaves below the position, though only the leftmost is ever reached.
            words.Slice(position << (Depth - level), 1 << (Depth - level)).Fill((int)node.Leaf);
            return;
        }

        words[position] = (Ranks[node.Feature].IndexOf(node.Threshold) << ColumnBits) | node.Feature;
        Place(nodes, index + 1, words, position * 2, level + 1);
        Place(nodes, node.Right, words, position * 2 + 1, level + 1);
    }
}

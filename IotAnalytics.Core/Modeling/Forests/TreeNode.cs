namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>A node of a tree in preorder: the left child is the next node.</summary>
/// <param name="Feature">The column tested, or <see cref="LeafMark"/>.</param>
/// <param name="Threshold">A row goes left when its value is not above it (so a NaN goes left); 0 in a leaf.</param>
/// <param name="Right">Index of the right child within the forest's nodes; 0 in a leaf.</param>
/// <param name="Leaf">Path length of a leaf in units of <see cref="IsolationForest.LeafUnit"/>; 0 in an inner node.</param>
internal readonly record struct TreeNode(int Feature, float Threshold, int Right, uint Leaf)
{
    public const int LeafMark = -1;

    public bool IsLeaf => Feature < 0;
}

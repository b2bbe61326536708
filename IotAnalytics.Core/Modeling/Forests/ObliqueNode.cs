namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>A node of an oblique tree in preorder: the left child is the next node.</summary>
/// <param name="FirstTerm">Where the test's terms begin.</param>
/// <param name="TermCount">0 in a leaf.</param>
/// <param name="Threshold">A row goes left when its projected value is not above it (so a NaN goes left); 0 in a leaf.</param>
/// <param name="Right">Index of the right child within the forest's nodes; 0 in a leaf.</param>
/// <param name="Leaf">Value of a leaf in units of <see cref="ObliqueForest.LeafUnit"/>; 0 in an inner node.</param>
internal readonly record struct ObliqueNode(int FirstTerm, int TermCount, double Threshold, int Right, uint Leaf)
{
    public bool IsLeaf => TermCount == 0;
}

/// <summary>One column of a test's projection.</summary>
internal readonly record struct ObliqueTerm(int Column, float Weight);

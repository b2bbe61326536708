namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>Walks the trees as they were grown, row by row: slow, but for any depth and size.</summary>
internal sealed class PreorderLayout(IsolationForest forest) : ForestLayout(forest)
{
    private readonly TreeNode[] _nodes = forest.Nodes;
    private readonly int[] _roots = forest.Roots;

    public override string Name => "preorder";

    public override void Score(float[][] features, int start, int rows, Span<double> scores)
    {
        for (var row = 0; row < rows; row++)
        {
            ulong sum = 0;
            foreach (var root in _roots)
            {
                ref readonly var node = ref _nodes[root];
                var index = root;
                while (!node.IsLeaf)
                {
                    index = features[node.Feature][start + row] > node.Threshold ? node.Right : index + 1;
                    node = ref _nodes[index];
                }

                sum += node.Leaf;
            }

            scores[row] = Finish(sum);
        }
    }
}

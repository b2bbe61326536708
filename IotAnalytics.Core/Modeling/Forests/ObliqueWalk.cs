using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// Takes many rows through oblique trees at once: a node projects all rows that reached it, column by column, and divides their list without
/// branches. Rows never wait for each other's node, and the columns are read where they lie.
/// </summary>
internal sealed class ObliqueWalk(ObliqueNode[] nodes, ObliqueTerm[] terms, int[] roots, int depth)
{
    /// <summary>Rows whose list, projections, sums and a few columns stay in the cache.</summary>
    public const int BlockRows = 2_048;

    /// <summary>Adds the leaves of all trees to the rows' sums.</summary>
    /// <param name="start">The first row of the block.</param>
    /// <param name="sums">One for each row of the block.</param>
    public void Add(float[][] features, int start, Span<ulong> sums)
    {
        var rowBuffer = ArrayPool<int>.Shared.Rent(sums.Length);
        var valueBuffer = ArrayPool<double>.Shared.Rent(sums.Length);
        // A way down leaves one branch behind at each level.
        var waitingBuffer = ArrayPool<Branch>.Shared.Rent(depth + 1);
        var rows = rowBuffer.AsSpan(0, sums.Length);
        for (var r = 0; r < rows.Length; r++)
        {
            rows[r] = r;
        }

        foreach (var root in roots)
        {
            AddTree(root, features, start, rows, valueBuffer, waitingBuffer, sums);
        }

        ArrayPool<Branch>.Shared.Return(waitingBuffer);
        ArrayPool<double>.Shared.Return(valueBuffer);
        ArrayPool<int>.Shared.Return(rowBuffer);
    }

    private void AddTree(int root, float[][] features, int start, Span<int> rows, double[] values, Branch[] waiting, Span<ulong> sums)
    {
        var count = 0;
        waiting[count++] = new Branch(root, 0, rows.Length);
        while (count > 0)
        {
            var branch = waiting[--count];
            var index = branch.Node;
            var here = rows.Slice(branch.Start, branch.Count);
            while (here.Length > 0)
            {
                ref readonly var node = ref nodes[index];
                if (node.IsLeaf)
                {
                    foreach (var row in here)
                    {
                        sums[row] += node.Leaf;
                    }

                    break;
                }

                var projected = values.AsSpan(0, here.Length);
                Project(terms.AsSpan(node.FirstTerm, node.TermCount), features, start, sums.Length, here, projected);
                var left = Divide(here, projected, node.Threshold);
                if (left < here.Length)
                {
                    waiting[count++] = new Branch(node.Right, branch.Start + left, here.Length - left);
                }

                here = here[..left];
                index++;
            }
        }
    }

    private static void Project(
        ReadOnlySpan<ObliqueTerm> terms, float[][] features, int start, int blockRows, ReadOnlySpan<int> rows, Span<double> projected)
    {
        var first = true;
        foreach (ref readonly var term in terms)
        {
            double weight = term.Weight;
            // The slice checks the column's length once; the rows of the list are within the block.
            ref var column = ref MemoryMarshal.GetReference(features[term.Column].AsSpan(start, blockRows));
            if (first)
            {
                for (var i = 0; i < projected.Length && i < rows.Length; i++)
                {
                    projected[i] = weight * Unsafe.Add(ref column, rows[i]);
                }

                first = false;
                continue;
            }

            for (var i = 0; i < projected.Length && i < rows.Length; i++)
            {
                projected[i] += weight * Unsafe.Add(ref column, rows[i]);
            }
        }
    }

    /// <summary>Moves the rows that go left to the front; returns their number.</summary>
    private static int Divide(Span<int> rows, ReadOnlySpan<double> projected, double threshold)
    {
        var left = 0;
        for (var i = 0; i < projected.Length && i < rows.Length; i++)
        {
            var row = rows[i];
            rows[i] = rows[left];
            rows[left] = row;
            left += projected[i] > threshold ? 0 : 1;
        }

        return left;
    }

    /// <summary>Rows that wait at a node.</summary>
    private readonly record struct Branch(int Node, int Start, int Count);
}

using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>More than 16 columns: a row's rank is gathered from the block.</summary>
internal sealed unsafe class WideRankLayout(IsolationForest forest, RankTables tables) : RankLayout(forest, tables)
{
    private const int RowBits = 5;
    private const int Rows = 1 << RowBits;
    private const int Vectors = Rows / Lanes;
    private const int StackWords = 16_384;

    public override string Name => "AVX2, 8 rows of gathered ranks";

    protected override int BlockRows => Rows;

    [SkipLocalsInit]
    protected override void ScoreBlock(float[][] features, int start, Span<double> scores)
    {
        var words = Tables.Ranks.Length * Rows;
        if (words <= StackWords)
        {
            var block = stackalloc int[words];
            ScoreBlock(features, start, scores, block);
            return;
        }

        var rented = ArrayPool<int>.Shared.Rent(words);
        fixed (int* block = rented)
        {
            ScoreBlock(features, start, scores, block);
        }

        ArrayPool<int>.Shared.Return(rented);
    }

    [SkipLocalsInit]
    private void ScoreBlock(float[][] features, int start, Span<double> scores, int* block)
    {
        var sums = stackalloc Vector256<int>[Vectors];
        Rank(features, start, scores.Length, block);
        Walk(block, (scores.Length + Lanes - 1) / Lanes, sums);
        for (var row = 0; row < scores.Length; row++)
        {
            scores[row] = Finish(((uint*)sums)[row]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rank(float[][] features, int start, int rows, int* block)
    {
        for (var f = 0; f < Tables.Ranks.Length; f++)
        {
            fixed (float* column = &features[f].AsSpan(start, rows)[0])
            {
                var into = (Vector256<int>*)(block + f * Rows);
                Rank(f, column, rows, out into[0], out into[1], out into[2], out into[3]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk(int* block, int vectors, Vector256<int>* sums)
    {
        vectors += vectors & 1;
        new Span<Vector256<int>>(sums, Vectors).Clear();
        var depth = Tables.Depth;
        var length = Tables.TreeLength;
        var words = Tables.ByTree;
        var mask = Vector256.Create((1 << Tables.ColumnBits) - 1);
        var lane = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);
        for (var tree = 0; tree < Tables.Trees; tree++, words += length)
        {
            var root = Vector256.Create(words[1]);
            Vector256<int> upper = Vector256.Load(words), third = Vector256.Load(words + 8);
            for (var v = 0; v < vectors; v += 2)
            {
                Vector256<int> rowA = lane + Vector256.Create(v * Lanes), rowB = rowA + Vector256.Create(Lanes);
                var j = Step(block, rowA, mask, Vector256<int>.One, root);
                var k = Step(block, rowB, mask, Vector256<int>.One, root);
                j = Step(block, rowA, mask, j, Avx2.PermuteVar8x32(upper, j));
                k = Step(block, rowB, mask, k, Avx2.PermuteVar8x32(upper, k));
                j = Step(block, rowA, mask, j, Avx2.PermuteVar8x32(upper, j));
                k = Step(block, rowB, mask, k, Avx2.PermuteVar8x32(upper, k));
                j = Step(block, rowA, mask, j, Avx2.PermuteVar8x32(third, j));
                k = Step(block, rowB, mask, k, Avx2.PermuteVar8x32(third, k));
                for (var level = RankTables.LeastDepth; level < depth; level++)
                {
                    j = Step(block, rowA, mask, j, Avx2.GatherVector256(words, j, 4));
                    k = Step(block, rowB, mask, k, Avx2.GatherVector256(words, k, 4));
                }

                sums[v] += Avx2.GatherVector256(words, j, 4);
                sums[v + 1] += Avx2.GatherVector256(words, k, 4);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Step(int* block, Vector256<int> row, Vector256<int> mask, Vector256<int> k, Vector256<int> node) =>
        k + k - Vector256.GreaterThan(Avx2.GatherVector256(block, ((node & mask) << RowBits) + row, 4), node);
}

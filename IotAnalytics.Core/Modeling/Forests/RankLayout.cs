using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// AVX2: eight rows a vector walk a tree together, as ranks (<see cref="ThresholdRanks"/>). The upper four levels of a tree are looked up in
/// two registers, the levels below are gathered. Few rows are walked one by one through eight trees at once.
/// </summary>
internal abstract unsafe class RankLayout(IsolationForest forest, RankTables tables) : ForestLayout(forest)
{
    protected const int Lanes = 8;

    /// <summary>Fewer rows than this are faster one by one.</summary>
    private const int FewestRows = 5;

    private readonly RankTreeWalk _walk = new(tables);

    protected RankTables Tables { get; } = tables;

    /// <summary>Rows ranked before the trees are walked: a multiple of 32.</summary>
    protected abstract int BlockRows { get; }

    /// <summary>This layout when processor and forest allow it, else null.</summary>
    public static RankLayout? TryCreate(IsolationForest forest) =>
        Avx2.IsSupported && RankTreeWalk.Fits(forest.FeatureCount) && RankTables.TryCreate(forest, byTree: true) is { } tables ? Create(forest, tables) : null;

    public override void Score(float[][] features, int start, int rows, Span<double> scores)
    {
        var first = 0;
        while (rows - first >= FewestRows)
        {
            var count = Math.Min(BlockRows, rows - first);
            ScoreBlock(features, start + first, scores.Slice(first, count));
            first += count;
        }

        for (; first < rows; first++)
        {
            scores[first] = Finish(_walk.Sum(features, start + first));
        }
    }

    /// <summary>Scores the rows of one block.</summary>
    protected abstract void ScoreBlock(float[][] features, int start, Span<double> scores);

    /// <summary>The ranks of 32 rows of a column, above the column's bits; rows beyond <paramref name="rows"/> are zeros.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void Rank(
        int column, float* values, int rows, out Vector256<int> r0, out Vector256<int> r1, out Vector256<int> r2, out Vector256<int> r3)
    {
        var padded = stackalloc float[4 * Lanes];
        if (rows < 4 * Lanes)
        {
            new Span<float>(padded, 4 * Lanes).Clear();
            new ReadOnlySpan<float>(values, rows).CopyTo(new Span<float>(padded, rows));
            values = padded;
        }

        Tables.Ranks[column].Of(values, out r0, out r1, out r2, out r3);
        var bits = Tables.ColumnBits;
        r0 <<= bits;
        r1 <<= bits;
        r2 <<= bits;
        r3 <<= bits;
    }

    private static RankLayout Create(IsolationForest forest, RankTables tables) => forest.FeatureCount switch
    {
        1 => new RankLayout<Columns1>(forest, tables),
        2 => new RankLayout<Columns2>(forest, tables),
        3 => new RankLayout<Columns3>(forest, tables),
        4 => new RankLayout<Columns4>(forest, tables),
        5 => new RankLayout<Columns5>(forest, tables),
        6 => new RankLayout<Columns6>(forest, tables),
        7 => new RankLayout<Columns7>(forest, tables),
        8 => new RankLayout<Columns8>(forest, tables),
        <= 10 => new RankLayout<Columns10>(forest, tables),
        <= 12 => new RankLayout<Columns12>(forest, tables),
        <= 16 => new RankLayout<Columns16>(forest, tables),
        _ => new WideRankLayout(forest, tables),
    };
}

/// <summary>Up to 16 columns: a row's rank is chosen by blends.</summary>
/// <typeparam name="TColumns">At least the forest's columns.</typeparam>
internal sealed unsafe class RankLayout<TColumns>(IsolationForest forest, RankTables tables) : RankLayout(forest, tables)
    where TColumns : struct, IColumnCount
{
    private const int BlockVectors = 32;

    public override string Name => "AVX2, 8 rows of ranks";

    protected override int BlockRows => BlockVectors * Lanes;

    [SkipLocalsInit]
    protected override void ScoreBlock(float[][] features, int start, Span<double> scores)
    {
        const int vectorBytes = 32;
        var buffer = stackalloc byte[(BlockVectors * (TColumns.Value + 1) + 1) * vectorBytes];
        // A vector that crosses a cache line costs two loads.
        var x = (Vector256<int>*)(((nuint)buffer + vectorBytes - 1) & ~(nuint)(vectorBytes - 1));
        var sums = x + BlockVectors * TColumns.Value;
        Rank(features, start, scores.Length, x);
        Walk(x, (scores.Length + Lanes - 1) / Lanes, sums);
        for (var row = 0; row < scores.Length; row++)
        {
            scores[row] = Finish(((uint*)sums)[row]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rank(float[][] features, int start, int rows, Vector256<int>* x)
    {
        for (var f = 0; f < Tables.Ranks.Length; f++)
        {
            fixed (float* column = &features[f].AsSpan(start, rows)[0])
            {
                for (var row = 0; row < rows; row += 4 * Lanes)
                {
                    var into = x + row / Lanes * TColumns.Value + f;
                    Rank(f, column + row, rows - row, out into[0], out into[TColumns.Value], out into[2 * TColumns.Value], out into[3 * TColumns.Value]);
                }
            }
        }
    }

    /// <summary>Sums the leaves of all trees. Two vectors are walked side by side: one waits while the other counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk(Vector256<int>* x, int vectors, Vector256<int>* sums)
    {
        // The block has room for an even number: the last one may be of rows that nobody asks for.
        vectors += vectors & 1;
        new Span<Vector256<int>>(sums, vectors).Clear();
        var depth = Tables.Depth;
        var length = Tables.TreeLength;
        var words = Tables.ByTree;
        for (var tree = 0; tree < Tables.Trees; tree++, words += length)
        {
            var root = Vector256.Create(words[1]);
            Vector256<int> upper = Vector256.Load(words), third = Vector256.Load(words + 8);
            for (var v = 0; v < vectors; v += 2)
            {
                Vector256<int>* a = x + v * TColumns.Value, b = a + TColumns.Value;
                var j = Step(a, Vector256<int>.One, root);
                var k = Step(b, Vector256<int>.One, root);
                j = Step(a, j, Avx2.PermuteVar8x32(upper, j));
                k = Step(b, k, Avx2.PermuteVar8x32(upper, k));
                j = Step(a, j, Avx2.PermuteVar8x32(upper, j));
                k = Step(b, k, Avx2.PermuteVar8x32(upper, k));
                j = Step(a, j, Avx2.PermuteVar8x32(third, j));
                k = Step(b, k, Avx2.PermuteVar8x32(third, k));
                for (var level = RankTables.LeastDepth; level < depth; level++)
                {
                    j = Step(a, j, Avx2.GatherVector256(words, j, 4));
                    k = Step(b, k, Avx2.GatherVector256(words, k, 4));
                }

                sums[v] += Avx2.GatherVector256(words, j, 4);
                sums[v + 1] += Avx2.GatherVector256(words, k, 4);
            }
        }
    }

    /// <summary>One test for each row: double the place, and one more when the rank is above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Step(Vector256<int>* ranked, Vector256<int> k, Vector256<int> node) =>
        k + k - Vector256.GreaterThan(Pick(ranked, node), node);

    /// <summary>Each row's rank in the column that the low bits of its node name. A blend looks at the sign only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Pick(Vector256<int>* x, Vector256<int> node)
    {
        if (TColumns.Value == 1)
        {
            return x[0];
        }

        var bit0 = node << 31;
        var bit1 = node << 30;
        var low = Quarter(x, 0, bit0, bit1);
        if (TColumns.Value > 4)
        {
            low = Choose(node << 29, low, Quarter(x, 4, bit0, bit1));
        }

        if (TColumns.Value > 8)
        {
            var high = Quarter(x, 8, bit0, bit1);
            if (TColumns.Value > 12)
            {
                high = Choose(node << 29, high, Quarter(x, 12, bit0, bit1));
            }

            low = Choose(node << 28, low, high);
        }

        return low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Quarter(Vector256<int>* x, int from, Vector256<int> bit0, Vector256<int> bit1)
    {
        var first = TColumns.Value > from + 1 ? Choose(bit0, x[from], x[from + 1]) : x[from];
        if (TColumns.Value <= from + 2)
        {
            return first;
        }

        return Choose(bit1, first, TColumns.Value > from + 3 ? Choose(bit0, x[from + 2], x[from + 3]) : x[from + 2]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Choose(Vector256<int> sign, Vector256<int> clear, Vector256<int> set) =>
        Avx.BlendVariable(clear.AsSingle(), set.AsSingle(), sign.AsSingle()).AsInt32();
}

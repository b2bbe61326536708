using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// AVX2 for what <see cref="ShuffleLayout"/> has no room for: 32-bit ranks (<see cref="ThresholdRanks"/>) of eight rows a vector walk a tree
/// together. The upper six levels of a tree are looked up in registers, the levels below are gathered. At most 16 columns; a few last rows
/// are walked one by one.
/// </summary>
internal abstract class RankLayout(IsolationForest forest) : ForestLayout(forest)
{
    public override string Name => "AVX2, 8 rows of ranks";

    /// <summary>This layout when processor and forest allow it, else null.</summary>
    public static RankLayout? TryCreate(IsolationForest forest) =>
        Avx2.IsSupported && forest.FeatureCount <= PermuteTables.MaxColumns && RankTables.TryCreate(forest, byTree: true) is { } tables ? Create(forest, tables) : null;

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
        _ => new RankLayout<Columns16>(forest, tables),
    };
}

/// <summary>Up to 16 columns: a row's rank is chosen by blends.</summary>
/// <typeparam name="TColumns">At least the forest's columns.</typeparam>
internal sealed unsafe class RankLayout<TColumns>(IsolationForest forest, RankTables tables) : RankLayout(forest)
    where TColumns : struct, IColumnCount
{
    private const int Lanes = 8;
    private const int BlockVectors = 32;
    private const int BlockRows = BlockVectors * Lanes;

    /// <summary>Fewer last rows than this are faster one by one.</summary>
    private const int FewestRows = 12;

    private readonly RankTreeWalk _walk = new(tables);

    [SkipLocalsInit]
    public override void Score(float[][] features, int start, int rows, Span<double> scores)
    {
        const int vectorBytes = 32;
        var buffer = stackalloc byte[(BlockVectors * (TColumns.Value + 1) + 1) * vectorBytes];
        // A vector that crosses a cache line costs two loads.
        var x = (Vector256<int>*)(((nuint)buffer + vectorBytes - 1) & ~(nuint)(vectorBytes - 1));
        var sums = x + BlockVectors * TColumns.Value;
        var first = 0;
        while (rows - first >= FewestRows)
        {
            var count = Math.Min(BlockRows, rows - first);
            Rank(features, start + first, count, x);
            Walk(x, (count + Lanes - 1) / Lanes, sums);
            for (var row = 0; row < count; row++)
            {
                scores[first + row] = Finish(((uint*)sums)[row]);
            }

            first += count;
        }

        for (; first < rows; first++)
        {
            scores[first] = Finish(_walk.Sum(features, start + first));
        }
    }

    /// <summary>The ranks of a block, above the column's bits; rows beyond the last are zeros.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rank(float[][] features, int start, int rows, Vector256<int>* x)
    {
        const int ranked = 4 * Lanes;
        var last = stackalloc float[ranked];
        var bits = tables.ColumnBits;
        for (var f = 0; f < tables.Ranks.Length; f++)
        {
            fixed (float* column = &features[f].AsSpan(start, rows)[0])
            {
                for (var row = 0; row < rows; row += ranked)
                {
                    var values = column + row;
                    if (rows - row < ranked)
                    {
                        new Span<float>(last, ranked).Clear();
                        new ReadOnlySpan<float>(values, rows - row).CopyTo(new Span<float>(last, ranked));
                        values = last;
                    }

                    tables.Ranks[f].Of(values, out var r0, out var r1, out var r2, out var r3);
                    var into = x + row / Lanes * TColumns.Value + f;
                    into[0] = r0 << bits;
                    into[TColumns.Value] = r1 << bits;
                    into[2 * TColumns.Value] = r2 << bits;
                    into[3 * TColumns.Value] = r3 << bits;
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
        var depth = tables.Depth;
        var length = tables.TreeLength;
        var words = tables.ByTree;
        for (var tree = 0; tree < tables.Trees; tree++, words += length)
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
                if (depth > 4)
                {
                    j = Step(a, j, Lookup16(words + 16, j));
                    k = Step(b, k, Lookup16(words + 16, k));
                }

                if (depth > 5)
                {
                    j = Step(a, j, Lookup32(words + 32, j));
                    k = Step(b, k, Lookup32(words + 32, k));
                }

                for (var level = 6; level < depth; level++)
                {
                    j = Step(a, j, Avx2.GatherVector256(words, j, 4));
                    k = Step(b, k, Avx2.GatherVector256(words, k, 4));
                }

                sums[v] += Avx2.GatherVector256(words, j, 4);
                sums[v + 1] += Avx2.GatherVector256(words, k, 4);
            }
        }
    }

    /// <summary>Words 8 to 15 of a table follow 0 to 7: the eighth bit tells.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Lookup16(int* table, Vector256<int> k) =>
        Choose(k << 28, Avx2.PermuteVar8x32(Vector256.Load(table), k), Avx2.PermuteVar8x32(Vector256.Load(table + 8), k));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Lookup32(int* table, Vector256<int> k) => Choose(k << 27, Lookup16(table, k), Lookup16(table + 16, k));

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

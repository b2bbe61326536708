using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// AVX-512: thirty-two rows walk a tree together, and every level of it lies in registers, looked up by 16-bit permutes. Rows are ranks
/// (<see cref="ThresholdRanks"/>) instead of floats. For forests of depth 8 and at most 16 columns; a few last rows are walked one by one.
/// </summary>
internal abstract class PermuteLayout(IsolationForest forest) : ForestLayout(forest)
{
    public override string Name => "AVX-512, 32 rows in registers";

    /// <summary>This layout when processor and forest allow it, else null.</summary>
    public static PermuteLayout? TryCreate(IsolationForest forest)
    {
        if (!Avx512BW.IsSupported || !Avx2.IsSupported || forest.Depth > PermuteTables.Depth || forest.FeatureCount > PermuteTables.MaxColumns)
        {
            return null;
        }

        return RankTables.TryCreate(forest, byTree: false) is { } tables && Array.TrueForAll(tables.Ranks, r => PermuteTables.RankFits(r.Count, forest.FeatureCount))
            ? Create(forest, tables)
            : null;
    }

    private static PermuteLayout Create(IsolationForest forest, RankTables tables) => forest.FeatureCount switch
    {
        1 => new PermuteLayout<Columns1>(forest, tables),
        2 => new PermuteLayout<Columns2>(forest, tables),
        3 => new PermuteLayout<Columns3>(forest, tables),
        4 => new PermuteLayout<Columns4>(forest, tables),
        5 => new PermuteLayout<Columns5>(forest, tables),
        6 => new PermuteLayout<Columns6>(forest, tables),
        7 => new PermuteLayout<Columns7>(forest, tables),
        8 => new PermuteLayout<Columns8>(forest, tables),
        <= 10 => new PermuteLayout<Columns10>(forest, tables),
        <= 12 => new PermuteLayout<Columns12>(forest, tables),
        _ => new PermuteLayout<Columns16>(forest, tables),
    };
}

/// <typeparam name="TColumns">At least the forest's columns.</typeparam>
internal sealed unsafe class PermuteLayout<TColumns>(IsolationForest forest, RankTables tables) : PermuteLayout(forest)
    where TColumns : struct, IColumnCount
{
    private const int VectorRows = 32;
    private const int BlockVectors = 8;
    private const int BlockRows = VectorRows * BlockVectors;

    /// <summary>Fewer last rows than this are faster one by one.</summary>
    private static readonly int s_fewestRows = TColumns.Value <= 4 ? 8 : 11;

    private readonly ThresholdRanks[] _ranks = tables.Ranks;
    private readonly RankTreeWalk _walk = new(tables);
    private readonly ushort[] _tables = PermuteTables.Build(forest, tables.Ranks);
    private readonly int _trees = forest.Trees;
    private readonly int _columnBits = PermuteTables.ColumnBits(forest.FeatureCount);

    [SkipLocalsInit]
    public override void Score(float[][] features, int start, int rows, Span<double> scores)
    {
        const int vectorBytes = 64;
        var buffer = stackalloc byte[(BlockVectors * (TColumns.Value + 2) + 1) * vectorBytes];
        // A vector that crosses a cache line costs two loads.
        var x = (Vector512<ushort>*)(((nuint)buffer + vectorBytes - 1) & ~(nuint)(vectorBytes - 1));
        var even = (Vector512<uint>*)(x + BlockVectors * TColumns.Value);
        var odd = even + BlockVectors;
        var first = 0;
        while (rows - first >= s_fewestRows)
        {
            var count = Math.Min(BlockRows, rows - first);
            var vectors = (count + VectorRows - 1) / VectorRows;
            Rank(features, start + first, count, x);
            Walk(x, vectors, even, odd);
            Finish(even, odd, scores.Slice(first, count));
            first += count;
        }

        for (; first < rows; first++)
        {
            scores[first] = Finish(_walk.Sum(features, start + first));
        }
    }

    /// <summary>The ranks of a block, shifted above the column's bits; rows beyond the last are zeros.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rank(float[][] features, int first, int count, Vector512<ushort>* x)
    {
        var last = stackalloc float[VectorRows];
        for (var f = 0; f < _ranks.Length; f++)
        {
            fixed (float* column = &features[f].AsSpan(first, count)[0])
            {
                var row = 0;
                for (; row + VectorRows <= count; row += VectorRows)
                {
                    x[row / VectorRows * TColumns.Value + f] = Rank(f, column + row);
                }

                if (row < count)
                {
                    new Span<float>(last, VectorRows).Clear();
                    new ReadOnlySpan<float>(column + row, count - row).CopyTo(new Span<float>(last, VectorRows));
                    x[row / VectorRows * TColumns.Value + f] = Rank(f, last);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<ushort> Rank(int column, float* values)
    {
        _ranks[column].Of(values, out var r0, out var r1, out var r2, out var r3);
        return Vector512.Create(Vector256.Narrow(r0.AsUInt32(), r1.AsUInt32()), Vector256.Narrow(r2.AsUInt32(), r3.AsUInt32())) << _columnBits;
    }

    /// <summary>Sums the leaves of all trees: even lanes of the rows into one vector, odd lanes into the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk(Vector512<ushort>* x, int vectors, Vector512<uint>* even, Vector512<uint>* odd)
    {
        new Span<Vector512<uint>>(even, vectors).Clear();
        new Span<Vector512<uint>>(odd, vectors).Clear();
        var words = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_tables));
        var low = Vector512.Create(0xFFFFu);
        var bit6 = Vector512.Create((ushort)64);
        var bit7 = Vector512.Create((ushort)128);
        for (var tree = 0; tree < _trees; tree++, words += PermuteTables.TreeLength)
        {
            var root = Vector512.Create(words[0]);
            Vector512<ushort> level1 = Vector512.Load(words + 32), level2 = Vector512.Load(words + 64), level3 = Vector512.Load(words + 96);
            Vector512<ushort> level4 = Vector512.Load(words + 128), level5 = Vector512.Load(words + 160);
            Vector512<ushort> level6a = Vector512.Load(words + PermuteTables.Level6), level6b = Vector512.Load(words + PermuteTables.Level6 + 32);
            var level7 = words + PermuteTables.Level7;
            var leaves = words + PermuteTables.Leaves;
            for (var v = 0; v < vectors; v++)
            {
                var ranked = x + v * TColumns.Value;
                var k = Step(ranked, Vector512<ushort>.Zero, root);
                k = Step(ranked, k, Avx512BW.PermuteVar32x16(level1, k));
                k = Step(ranked, k, Avx512BW.PermuteVar32x16(level2, k));
                k = Step(ranked, k, Avx512BW.PermuteVar32x16(level3, k));
                k = Step(ranked, k, Avx512BW.PermuteVar32x16(level4, k));
                k = Step(ranked, k, Avx512BW.PermuteVar32x16(level5, k));
                k = Step(ranked, k, Avx512BW.PermuteVar32x16x2(level6a, k, level6b));
                k = Step(ranked, k, Lookup128(level7, k, bit6));
                var leaf = Choose(k & bit7, Lookup128(leaves, k, bit6), Lookup128(leaves + 128, k, bit6));
                even[v] += leaf.AsUInt32() & low;
                odd[v] += leaf.AsUInt32() >> 16;
            }
        }
    }

    /// <summary>One test for each row: double the place, and one more when the rank is above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Step(Vector512<ushort>* ranked, Vector512<ushort> k, Vector512<ushort> node) =>
        k + k - Vector512.GreaterThan(Pick(ranked, node), node);

    /// <summary>An entry of 128, by the low seven bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Lookup128(ushort* table, Vector512<ushort> k, Vector512<ushort> bit6) => Choose(
        k & bit6,
        Avx512BW.PermuteVar32x16x2(Vector512.Load(table), k, Vector512.Load(table + 32)),
        Avx512BW.PermuteVar32x16x2(Vector512.Load(table + 64), k, Vector512.Load(table + 96)));

    /// <summary>Each row's rank in the column that the low bits of its node name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Pick(Vector512<ushort>* x, Vector512<ushort> node)
    {
        if (TColumns.Value == 1)
        {
            return x[0];
        }

        var bit0 = node & Vector512.Create((ushort)1);
        var bit1 = node & Vector512.Create((ushort)2);
        var bit2 = node & Vector512.Create((ushort)4);
        var bit3 = node & Vector512.Create((ushort)8);
        var low = Quarter(x, 0, bit0, bit1);
        if (TColumns.Value > 4)
        {
            low = Choose(bit2, low, Quarter(x, 4, bit0, bit1));
        }

        if (TColumns.Value > 8)
        {
            var high = Quarter(x, 8, bit0, bit1);
            if (TColumns.Value > 12)
            {
                high = Choose(bit2, high, Quarter(x, 12, bit0, bit1));
            }

            low = Choose(bit3, low, high);
        }

        return low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Quarter(Vector512<ushort>* x, int from, Vector512<ushort> bit0, Vector512<ushort> bit1)
    {
        var first = TColumns.Value > from + 1 ? Choose(bit0, x[from], x[from + 1]) : x[from];
        if (TColumns.Value <= from + 2)
        {
            return first;
        }

        return Choose(bit1, first, TColumns.Value > from + 3 ? Choose(bit0, x[from + 2], x[from + 3]) : x[from + 2]);
    }

    /// <summary><paramref name="clear"/> where the bit is 0, else <paramref name="set"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Choose(Vector512<ushort> bit, Vector512<ushort> clear, Vector512<ushort> set) =>
        Vector512.ConditionalSelect(Vector512.Equals(bit, Vector512<ushort>.Zero), clear, set);

    private void Finish(Vector512<uint>* even, Vector512<uint>* odd, Span<double> scores)
    {
        uint* evens = (uint*)even, odds = (uint*)odd;
        for (var row = 0; row < scores.Length; row++)
        {
            scores[row] = Finish((row & 1) == 0 ? evens[row / 2] : odds[row / 2]);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// AVX2: sixteen rows walk a tree together, as 16-bit ranks (<see cref="ThresholdRanks"/>), and every level of it is looked up in registers
/// by byte shuffles and blends: no gathers. For forests of depth 8 and at most 16 columns; a few last rows are walked one by one.
/// </summary>
internal abstract class ShuffleLayout(IsolationForest forest) : ForestLayout(forest)
{
    public override string Name => "AVX2, 16 rows in registers";

    /// <summary>This layout when processor and forest allow it, else null.</summary>
    public static ShuffleLayout? TryCreate(IsolationForest forest)
    {
        if (!Avx2.IsSupported || forest.Depth > ShuffleTables.Depth || forest.FeatureCount > PermuteTables.MaxColumns)
        {
            return null;
        }

        return RankTables.TryCreate(forest, byTree: false) is { } tables && Array.TrueForAll(tables.Ranks, r => PermuteTables.RankFits(r.Count, forest.FeatureCount))
            ? Create(forest, tables)
            : null;
    }

    private static ShuffleLayout Create(IsolationForest forest, RankTables tables) => forest.FeatureCount switch
    {
        1 => new ShuffleLayout<Columns1>(forest, tables),
        2 => new ShuffleLayout<Columns2>(forest, tables),
        3 => new ShuffleLayout<Columns3>(forest, tables),
        4 => new ShuffleLayout<Columns4>(forest, tables),
        5 => new ShuffleLayout<Columns5>(forest, tables),
        6 => new ShuffleLayout<Columns6>(forest, tables),
        7 => new ShuffleLayout<Columns7>(forest, tables),
        8 => new ShuffleLayout<Columns8>(forest, tables),
        <= 10 => new ShuffleLayout<Columns10>(forest, tables),
        <= 12 => new ShuffleLayout<Columns12>(forest, tables),
        _ => new ShuffleLayout<Columns16>(forest, tables),
    };
}

/// <typeparam name="TColumns">At least the forest's columns.</typeparam>
internal sealed unsafe class ShuffleLayout<TColumns>(IsolationForest forest, RankTables tables) : ShuffleLayout(forest)
    where TColumns : struct, IColumnCount
{
    private const int VectorRows = 16;
    private const int BlockVectors = 16;
    private const int BlockRows = VectorRows * BlockVectors;

    /// <summary>Fewer last rows than this are faster one by one.</summary>
    private static readonly int s_fewestRows = TColumns.Value <= 4 ? 7 : 12;

    private readonly ThresholdRanks[] _ranks = tables.Ranks;
    private readonly RankTreeWalk _walk = new(tables);
    private readonly ushort[] _tables = ShuffleTables.Build(forest, tables.Ranks);
    private readonly int _trees = forest.Trees;
    private readonly int _columnBits = PermuteTables.ColumnBits(forest.FeatureCount);

    [SkipLocalsInit]
    public override void Score(float[][] features, int start, int rows, Span<double> scores)
    {
        const int vectorBytes = 32;
        var buffer = stackalloc byte[(BlockVectors * (TColumns.Value + 2) + 1) * vectorBytes];
        // A vector that crosses a cache line costs two loads.
        var x = (Vector256<short>*)(((nuint)buffer + vectorBytes - 1) & ~(nuint)(vectorBytes - 1));
        var even = (Vector256<uint>*)(x + BlockVectors * TColumns.Value);
        var odd = even + BlockVectors;
        var first = 0;
        while (rows - first >= s_fewestRows)
        {
            var count = Math.Min(BlockRows, rows - first);
            Rank(features, start + first, count, x);
            Walk(x, (count + VectorRows - 1) / VectorRows, even, odd);
            uint* evens = (uint*)even, odds = (uint*)odd;
            for (var row = 0; row < count; row++)
            {
                scores[first + row] = Finish((row & 1) == 0 ? evens[row / 2] : odds[row / 2]);
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
    private void Rank(float[][] features, int start, int rows, Vector256<short>* x)
    {
        const int ranked = 2 * VectorRows;
        var last = stackalloc float[ranked];
        for (var f = 0; f < _ranks.Length; f++)
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

                    _ranks[f].Of(values, out var r0, out var r1, out var r2, out var r3);
                    var into = x + row / VectorRows * TColumns.Value + f;
                    into[0] = Biased(r0, r1);
                    into[TColumns.Value] = Biased(r2, r3);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<short> Biased(Vector256<int> low, Vector256<int> high) =>
        ((Vector256.Narrow(low.AsUInt32(), high.AsUInt32()) << _columnBits) ^ Vector256.Create(ShuffleTables.Bias)).AsInt16();

    /// <summary>Sums the leaves of all trees: even lanes of the rows into one vector, odd lanes into the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk(Vector256<short>* x, int vectors, Vector256<uint>* even, Vector256<uint>* odd)
    {
        new Span<Vector256<uint>>(even, vectors).Clear();
        new Span<Vector256<uint>>(odd, vectors).Clear();
        var words = (short*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_tables));
        for (var tree = 0; tree < _trees; tree++, words += ShuffleTables.TreeLength)
        {
            for (var v = 0; v < vectors; v++)
            {
                var ranked = x + v * TColumns.Value;
                // A turn is −1 in the lanes of the rows that go right.
                var t0 = Turn(ranked, Vector256.Create(words[0]));
                var t1 = Turn(ranked, Choose(t0, Vector256.Create(words[ShuffleTables.Width]), Vector256.Create(words[ShuffleTables.Width + 1])));
                // Bytes 2k and 2k + 1 of a register are its word k.
                var place = (t0 & Vector256.Create((short)0x0404)) + (t1 & Vector256.Create((short)0x0202)) + Vector256.Create((short)0x0100);
                var t2 = Turn(ranked, Look(words + 2 * ShuffleTables.Width, place));
                place = (t0 & Vector256.Create((short)0x0808)) + (t1 & Vector256.Create((short)0x0404)) + (t2 & Vector256.Create((short)0x0202))
                    + Vector256.Create((short)0x0100);
                var t3 = Turn(ranked, Look(words + ShuffleTables.Level3, place));
                var t4 = Turn(ranked, Look2(words + ShuffleTables.Level4, place, t3));
                var t5 = Turn(ranked, Look4(words + ShuffleTables.Level5, place, t3, t4));
                var t6 = Turn(ranked, Look8(words + ShuffleTables.Level6, place, t3, t4, t5));
                var t7 = Turn(ranked, Look16(words + ShuffleTables.Level7, place, t3, t4, t5, t6));
                var leaf = Choose(
                    t3,
                    Look16(words + ShuffleTables.Leaves, place, t4, t5, t6, t7),
                    Look16(words + ShuffleTables.Leaves + 16 * ShuffleTables.Width, place, t4, t5, t6, t7)).AsUInt32();
                even[v] += leaf & Vector256.Create(0xFFFFu);
                odd[v] += leaf >> 16;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Turn(Vector256<short>* ranked, Vector256<short> node) => Vector256.GreaterThan(Pick(ranked, node), node);

    /// <summary>A word of a register of eight for each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Look(short* register, Vector256<short> place) =>
        Avx2.Shuffle(Avx2.BroadcastVector128ToVector256((byte*)register), place.AsByte()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Look2(short* registers, Vector256<short> place, Vector256<short> t) =>
        Choose(t, Look(registers, place), Look(registers + ShuffleTables.Width, place));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Look4(short* registers, Vector256<short> place, Vector256<short> t0, Vector256<short> t1) =>
        Choose(t0, Look2(registers, place, t1), Look2(registers + 2 * ShuffleTables.Width, place, t1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Look8(short* registers, Vector256<short> place, Vector256<short> t0, Vector256<short> t1, Vector256<short> t2) =>
        Choose(t0, Look4(registers, place, t1, t2), Look4(registers + 4 * ShuffleTables.Width, place, t1, t2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Look16(
        short* registers, Vector256<short> place, Vector256<short> t0, Vector256<short> t1, Vector256<short> t2, Vector256<short> t3) =>
        Choose(t0, Look8(registers, place, t1, t2, t3), Look8(registers + 8 * ShuffleTables.Width, place, t1, t2, t3));

    /// <summary>Each row's rank in the column that the low bits of its node name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pick(Vector256<short>* x, Vector256<short> node)
    {
        if (TColumns.Value == 1)
        {
            return x[0];
        }

        var bit0 = Bit(node, 0);
        var bit1 = Bit(node, 1);
        var low = Quarter(x, 0, bit0, bit1);
        if (TColumns.Value > 4)
        {
            low = Choose(Bit(node, 2), low, Quarter(x, 4, bit0, bit1));
        }

        if (TColumns.Value > 8)
        {
            var high = Quarter(x, 8, bit0, bit1);
            if (TColumns.Value > 12)
            {
                high = Choose(Bit(node, 2), high, Quarter(x, 12, bit0, bit1));
            }

            low = Choose(Bit(node, 3), low, high);
        }

        return low;
    }

    /// <summary>−1 where a bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Bit(Vector256<short> node, int bit) => (node << (15 - bit)) >> 15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Quarter(Vector256<short>* x, int from, Vector256<short> bit0, Vector256<short> bit1)
    {
        var first = TColumns.Value > from + 1 ? Choose(bit0, x[from], x[from + 1]) : x[from];
        if (TColumns.Value <= from + 2)
        {
            return first;
        }

        return Choose(bit1, first, TColumns.Value > from + 3 ? Choose(bit0, x[from + 2], x[from + 3]) : x[from + 2]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Choose(Vector256<short> mask, Vector256<short> clear, Vector256<short> set) => Avx2.BlendVariable(clear, set, mask);
}

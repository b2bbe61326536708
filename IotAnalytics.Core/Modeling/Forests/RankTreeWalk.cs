using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>AVX2, one row: eight trees are walked together. At most 16 columns. For batches too small to fill vectors with rows.</summary>
internal sealed unsafe class RankTreeWalk(RankTables tables)
{
    private const int Lanes = 8;

    /// <summary>Groups of trees walked side by side.</summary>
    private const int BlockGroups = 16;

    /// <summary>The sum of the leaves that a row reaches.</summary>
    [SkipLocalsInit]
    public uint Sum(float[][] features, int row)
    {
        var columns = tables.Ranks.Length;
        // Repeated up to eight: a lane is then chosen by the low three bits of a node, whatever lies above its column.
        var padded = Math.Max(Lanes, 1 << tables.ColumnBits);
        var ranks = stackalloc int[padded];
        for (var c = 0; c < padded; c++)
        {
            var column = c & ((1 << tables.ColumnBits) - 1);
            ranks[c] = c > column ? ranks[column] : column < columns ? tables.Ranks[column].Of(features[column][row]) << tables.ColumnBits : 0;
        }

        return columns <= Lanes ? Walk<OneRegister>(ranks) : Walk<TwoRegisters>(ranks);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private uint Walk<TPlace>(int* ranks)
        where TPlace : struct, IRankPlace
    {
        var low = Vector256.Load(ranks);
        var high = typeof(TPlace) == typeof(TwoRegisters) ? Vector256.Load(ranks + Lanes) : low;
        var words = tables.ByNode;
        var groupLength = tables.TreeLength * Lanes;
        var places = stackalloc Vector256<int>[BlockGroups];
        var sum = Vector256<int>.Zero;
        for (var first = 0; first < tables.Groups; first += BlockGroups, words += BlockGroups * groupLength)
        {
            var groups = Math.Min(BlockGroups, tables.Groups - first);
            var q = words;
            for (var group = 0; group < groups; group++, q += groupLength)
            {
                places[group] = (Upper<TPlace>(q, low, high) << 3) + Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);
            }

            // Level by level and not group by group: a gather is waited for while the next ones are under way.
            for (var level = RankTables.LeastDepth; level < tables.Depth; level++)
            {
                q = words;
                for (var group = 0; group < groups; group++, q += groupLength)
                {
                    // Eight times the place, and the lane in the low bits: (2k + right) · 8 + lane.
                    var k = places[group];
                    var node = Avx2.GatherVector256(q, k, 4);
                    var right = Vector256.GreaterThan(TPlace.Pick(low, high, node), node);
                    places[group] = k + (k & Vector256.Create(~7)) - (right << 3);
                }
            }

            q = words;
            for (var group = 0; group < groups; group++, q += groupLength)
            {
                sum += Avx2.GatherVector256(q, places[group], 4);
            }
        }

        return Vector256.Sum(sum.AsUInt32());
    }

    /// <summary>Levels 0 to 3: their nodes are loaded whole and chosen by blends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Upper<TPlace>(int* q, Vector256<int> low, Vector256<int> high)
        where TPlace : struct, IRankPlace
    {
        var node = At(q, 1);
        var g0 = Vector256.GreaterThan(TPlace.Pick(low, high, node), node);
        node = Choose(g0, At(q, 2), At(q, 3));
        var g1 = Vector256.GreaterThan(TPlace.Pick(low, high, node), node);
        node = Choose(g0, Choose(g1, At(q, 4), At(q, 5)), Choose(g1, At(q, 6), At(q, 7)));
        var g2 = Vector256.GreaterThan(TPlace.Pick(low, high, node), node);
        node = Choose(
            g0,
            Choose(g1, Choose(g2, At(q, 8), At(q, 9)), Choose(g2, At(q, 10), At(q, 11))),
            Choose(g1, Choose(g2, At(q, 12), At(q, 13)), Choose(g2, At(q, 14), At(q, 15))));
        var g3 = Vector256.GreaterThan(TPlace.Pick(low, high, node), node);
        // A mask is −1 where the way goes right.
        return Vector256.Create(16) - (g0 << 3) - (g1 << 2) - (g2 << 1) - g3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> At(int* group, int node) => Vector256.Load(group + node * Lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Choose(Vector256<int> mask, Vector256<int> clear, Vector256<int> set) =>
        Avx.BlendVariable(clear.AsSingle(), set.AsSingle(), mask.AsSingle()).AsInt32();

    /// <summary>Where a row's ranks lie.</summary>
    private interface IRankPlace
    {
        static abstract Vector256<int> Pick(Vector256<int> low, Vector256<int> high, Vector256<int> node);
    }

    private readonly struct OneRegister : IRankPlace
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> Pick(Vector256<int> low, Vector256<int> high, Vector256<int> node) =>
            Avx2.PermuteVar8x32(low, node);
    }

    private readonly struct TwoRegisters : IRankPlace
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> Pick(Vector256<int> low, Vector256<int> high, Vector256<int> node) =>
            Choose(node << 28, Avx2.PermuteVar8x32(low, node), Avx2.PermuteVar8x32(high, node));
    }
}

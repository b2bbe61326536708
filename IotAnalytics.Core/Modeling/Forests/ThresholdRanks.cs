using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// The distinct thresholds of one column, ascending. A value is above the j-th threshold exactly when more than j thresholds are below the
/// value: its rank, a small integer found once per row, stands in for it in every tree.
/// </summary>
internal sealed unsafe class ThresholdRanks
{
    /// <summary>Padded with infinities to a power of two above <see cref="Count"/>. Pinned for life: read through pointers.</summary>
    private readonly float[] _sorted;

    private ThresholdRanks(float[] distinct)
    {
        Count = distinct.Length;
        var size = 1;
        while (size <= Count)
        {
            size *= 2;
        }

        _sorted = GC.AllocateArray<float>(size, pinned: true);
        _sorted.AsSpan().Fill(float.PositiveInfinity);
        distinct.CopyTo(_sorted, 0);
    }

    /// <summary>Number of distinct thresholds; ranks are 0 to this.</summary>
    public int Count { get; }

    public static ThresholdRanks OfColumn(IsolationForest forest, int column) =>
        new([.. forest.Nodes.Where(n => n.Feature == column).Select(n => n.Threshold).Distinct().Order()]);

    /// <summary>The place of a threshold of this column.</summary>
    public int IndexOf(float threshold) => Array.BinarySearch(_sorted, 0, Count, threshold);

    /// <summary>How many thresholds are below each of 32 values (none below a NaN): a binary search without branches, eight values a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<ushort> Of(float* values)
    {
        var table = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_sorted)) - 1;
        Vector256<float> x0 = Vector256.Load(values), x1 = Vector256.Load(values + 8), x2 = Vector256.Load(values + 16), x3 = Vector256.Load(values + 24);
        Vector256<int> r0 = default, r1 = default, r2 = default, r3 = default;
        for (var step = _sorted.Length / 2; step > 0; step /= 2)
        {
            var by = Vector256.Create(step);
            r0 += Vector256.LessThan(Avx2.GatherVector256(table, r0 + by, 4), x0).AsInt32() & by;
            r1 += Vector256.LessThan(Avx2.GatherVector256(table, r1 + by, 4), x1).AsInt32() & by;
            r2 += Vector256.LessThan(Avx2.GatherVector256(table, r2 + by, 4), x2).AsInt32() & by;
            r3 += Vector256.LessThan(Avx2.GatherVector256(table, r3 + by, 4), x3).AsInt32() & by;
        }

        return Vector512.Create(Vector256.Narrow(r0.AsUInt32(), r1.AsUInt32()), Vector256.Narrow(r2.AsUInt32(), r3.AsUInt32()));
    }
}

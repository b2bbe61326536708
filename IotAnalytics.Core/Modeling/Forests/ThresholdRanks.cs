using System.Numerics;
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

    /// <summary>Of every column of a forest.</summary>
    public static ThresholdRanks[] OfForest(IsolationForest forest)
    {
        var counts = new int[forest.FeatureCount];
        foreach (ref readonly var node in forest.Nodes.AsSpan())
        {
            if (!node.IsLeaf)
            {
                counts[node.Feature]++;
            }
        }

        float[][] thresholds = [.. counts.Select(n => new float[n])];
        foreach (ref readonly var node in forest.Nodes.AsSpan())
        {
            if (!node.IsLeaf)
            {
                thresholds[node.Feature][--counts[node.Feature]] = node.Threshold;
            }
        }

        return Array.ConvertAll(thresholds, Distinct);
    }

    /// <summary>The place of a threshold of this column.</summary>
    public int IndexOf(float threshold) => Array.BinarySearch(_sorted, 0, Count, threshold);

    /// <summary>How many thresholds are below a value; none below a NaN.</summary>
    public int Of(float value)
    {
        var sorted = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_sorted));
        var at = sorted - 1;
        for (var bit = BitOperations.Log2((uint)_sorted.Length) - 1; bit >= 0; bit--)
        {
            // Not a choice between two steps: the compiler would make a jump of it, and none of these can be predicted.
            at += (nint)(at[(nint)1 << bit] < value ? 1u : 0u) << bit;
        }

        return (int)(at + 1 - sorted);
    }

    /// <summary>How many thresholds are below each of 32 values (none below a NaN): a binary search without branches, eight values a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Of(float* values, out Vector256<int> r0, out Vector256<int> r1, out Vector256<int> r2, out Vector256<int> r3)
    {
        var table = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_sorted)) - 1;
        Vector256<float> x0 = Vector256.Load(values), x1 = Vector256.Load(values + 8), x2 = Vector256.Load(values + 16), x3 = Vector256.Load(values + 24);
        Vector256<int> n0 = default, n1 = default, n2 = default, n3 = default;
        for (var step = _sorted.Length / 2; step > 0; step /= 2)
        {
            var by = Vector256.Create(step);
            n0 += Vector256.LessThan(Avx2.GatherVector256(table, n0 + by, 4), x0).AsInt32() & by;
            n1 += Vector256.LessThan(Avx2.GatherVector256(table, n1 + by, 4), x1).AsInt32() & by;
            n2 += Vector256.LessThan(Avx2.GatherVector256(table, n2 + by, 4), x2).AsInt32() & by;
            n3 += Vector256.LessThan(Avx2.GatherVector256(table, n3 + by, 4), x3).AsInt32() & by;
        }

        r0 = n0;
        r1 = n1;
        r2 = n2;
        r3 = n3;
    }

    /// <summary>Sorts; −0 and 0 are one threshold.</summary>
    private static ThresholdRanks Distinct(float[] thresholds)
    {
        Array.Sort(thresholds);
        var kept = 0;
        foreach (var threshold in thresholds)
        {
            if (kept == 0 || threshold != thresholds[kept - 1])
            {
                thresholds[kept++] = threshold;
            }
        }

        return new ThresholdRanks(thresholds[..kept]);
    }
}

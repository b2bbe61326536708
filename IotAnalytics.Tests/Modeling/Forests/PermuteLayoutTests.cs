using System.Runtime.Intrinsics.X86;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Tests.Modeling.Forests;

public class PermuteLayoutTests
{
    /// <summary>More than a million over all numbers of columns.</summary>
    private const int RowsEach = 65_700;

    [Theory]
    [MemberData(nameof(ColumnCounts))]
    public void Ranks_in_registers_give_the_bits_of_the_heap(int columns)
    {
        Assert.SkipUnless(Avx512BW.IsSupported, "this processor has no AVX-512");
        var forest = SampleModels.Forest(SampleModels.Uniform(columns, 3_000, seed: columns), new IsolationForestOptions { Trees = 12, Seed = columns });
        var heap = new HeapLayout(forest);
        var permute = PermuteLayout.TryCreate(forest, heap);
        Assert.NotNull(permute);
        Assert.Equal(permute.Name, forest.ScoringPath);

        var rows = HardRows(forest, RowsEach);
        double[] expected = new double[RowsEach], actual = new double[RowsEach];
        heap.Score(rows, RowsEach, expected);
        permute.Score(rows, RowsEach, actual);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void The_forest_of_a_hundred_trees_of_256_gives_the_bits_of_the_heap_in_batches_of_any_size()
    {
        Assert.SkipUnless(Avx512BW.IsSupported, "this processor has no AVX-512");
        var forest = SampleModels.Forest(SampleModels.Uniform(3, 10_000, seed: 1), new IsolationForestOptions());
        var rows = HardRows(forest, 1_000);
        var expected = new double[1_000];
        new HeapLayout(forest).Score(rows, 1_000, expected);
        foreach (var batch in (int[])[1, 5, 6, 31, 32, 33, 255, 256, 257, 300, 999])
        {
            Assert.Equal(expected[..batch], SampleModels.Score(forest, [.. rows.Select(c => c[..batch])]));
        }
    }

    [Theory]
    [InlineData(17, 100, 256, null)]
    [InlineData(3, 100, 300, null)]
    [InlineData(16, 1_000, 256, null)]
    public void A_forest_whose_ranks_do_not_fit_takes_the_heap(int columns, int trees, int sampleSize, int? depth)
    {
        var forest = SampleModels.Forest(
            SampleModels.Uniform(columns, 3_000, seed: 1), new IsolationForestOptions { Trees = trees, SampleSize = sampleSize, MaxDepth = depth });

        Assert.StartsWith("heap", forest.ScoringPath, StringComparison.Ordinal);
    }

    public static TheoryData<int> ColumnCounts => [.. Enumerable.Range(1, PermuteTables.MaxColumns)];

    /// <summary>Random values, the thresholds themselves, their neighbours, zeros of both signs, infinities and NaN.</summary>
    private static float[][] HardRows(IsolationForest forest, int rows)
    {
        var random = new Xoshiro256(seed: 11, stream: forest.FeatureCount);
        var columns = new float[forest.FeatureCount][];
        for (var c = 0; c < columns.Length; c++)
        {
            float[] thresholds = [.. forest.Nodes.Where(n => n.Feature == c).Select(n => n.Threshold)];
            columns[c] = new float[rows];
            for (var r = 0; r < rows; r++)
            {
                var threshold = thresholds[random.NextBelow(thresholds.Length)];
                columns[c][r] = random.NextBelow(64) switch
                {
                    0 => float.NaN,
                    1 => float.PositiveInfinity,
                    2 => float.NegativeInfinity,
                    3 => 0f,
                    4 => -0f,
                    5 => float.MaxValue,
                    < 16 => threshold,
                    < 24 => float.BitIncrement(threshold),
                    < 32 => float.BitDecrement(threshold),
                    _ => (float)(random.NextUniform() * 140 - 70),
                };
            }
        }

        return columns;
    }
}

using System.Runtime.Intrinsics.X86;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Tests.Modeling.Forests;

public class ForestPathTests
{
    /// <summary>A million and more over all numbers of columns.</summary>
    private const int RowsOfNarrow = 60_000;
    private const int RowsOfWide = 8_000;
    private const int WidestNarrow = 17;

    [Theory]
    [MemberData(nameof(ColumnCounts))]
    public void Every_path_gives_the_bits_of_the_plain_walk(int columns)
    {
        var forest = SampleModels.Forest(SampleModels.Uniform(columns, 3_000, seed: columns), new IsolationForestOptions { Trees = 8, Seed = columns });
        var count = columns <= WidestNarrow ? RowsOfNarrow : RowsOfWide;
        var rows = HardRows(forest, count);
        double[] expected = new double[count], actual = new double[count];
        new PreorderLayout(forest).Score(rows, 0, count, expected);
        foreach (var layout in Layouts(forest))
        {
            actual.AsSpan().Clear();
            layout.Score(rows, 0, count, actual);
            Assert.True(expected.AsSpan().SequenceEqual(actual), layout.Name);
        }
    }

    [Theory]
    [InlineData(3, 100, 256, null)]
    [InlineData(10, 100, 256, null)]
    [InlineData(30, 100, 256, null)]
    [InlineData(300, 9, 256, null)]
    [InlineData(3, 8, 2, null)]
    [InlineData(3, 1, 3, 1)]
    [InlineData(9, 50, 4_000, 12)]
    [InlineData(17, 9, 4_000, 11)]
    [InlineData(16, 1_000, 256, null)]
    public void Batches_of_any_size_and_start_give_the_same_bits(int columns, int trees, int sampleSize, int? depth)
    {
        var forest = SampleModels.Forest(
            SampleModels.Uniform(columns, 5_000, seed: 1), new IsolationForestOptions { Trees = trees, SampleSize = sampleSize, MaxDepth = depth });
        var rows = HardRows(forest, 700);
        double[] expected = new double[700], actual = new double[700];
        new PreorderLayout(forest).Score(rows, 0, 700, expected);
        foreach (var layout in Layouts(forest))
        {
            foreach (var batch in (int[])[1, 2, 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 31, 32, 33, 63, 65, 255, 256, 257, 300, 699])
            {
                var start = batch * 31 % (700 - batch);
                layout.Score(rows, start, batch, actual);
                Assert.True(expected.AsSpan(start, batch).SequenceEqual(actual.AsSpan(0, batch)), $"{layout.Name}, {batch} rows from {start}");
            }
        }
    }

    [Theory]
    [InlineData(3, 100, 256, null, nameof(ForestPath.Avx512))]
    [InlineData(16, 100, 256, null, nameof(ForestPath.Avx512))]
    [InlineData(17, 100, 256, null, nameof(ForestPath.Heap))]
    [InlineData(3, 100, 300, null, nameof(ForestPath.Avx2Ranks))]
    [InlineData(16, 1_000, 256, null, nameof(ForestPath.Avx2Ranks))]
    [InlineData(300, 10, 256, null, nameof(ForestPath.Heap))]
    [InlineData(3, 10, 2_000, 13, nameof(ForestPath.Heap))]
    [InlineData(2, 20, 2_000, 1_000, nameof(ForestPath.Preorder))]
    public void The_fastest_path_that_fits_is_taken(int columns, int trees, int sampleSize, int? depth, string path)
    {
        Assert.SkipUnless(Avx512BW.IsSupported, "this processor has no AVX-512");
        var expected = Enum.Parse<ForestPath>(path);
        var forest = SampleModels.Forest(
            SampleModels.Uniform(columns, 3_000, seed: 1), new IsolationForestOptions { Trees = trees, SampleSize = sampleSize, MaxDepth = depth });

        Assert.Equal(ForestLayout.TryCreate(forest, expected)!.Name, forest.ScoringPath);
        Assert.All(Enum.GetValues<ForestPath>().Where(p => p > expected), p => Assert.Null(ForestLayout.TryCreate(forest, p)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Any_number_of_threads_gives_the_same_bits(int threads)
    {
        const int count = ParallelScoring.FewestRows + 77;
        var forest = SampleModels.Forest(SampleModels.Uniform(3, 5_000, seed: 1), new IsolationForestOptions { Trees = 10 });
        var rows = HardRows(forest, count);
        double[] expected = new double[count], actual = new double[count];
        var layout = ForestLayout.Choose(forest);
        layout.Score(rows, 0, count, expected);
        for (var round = 0; round < 20; round++)
        {
            actual.AsSpan().Clear();
            ParallelScoring.Run(layout, rows, count, actual, threads);
            Assert.True(expected.AsSpan().SequenceEqual(actual));
        }

        Assert.True(expected.AsSpan().SequenceEqual(SampleModels.Score(forest, rows)));
    }

    [Fact]
    public void A_failure_on_another_thread_reaches_the_caller()
    {
        var forest = SampleModels.Forest(SampleModels.Uniform(2, 500, seed: 1), new IsolationForestOptions { Trees = 3 });
        float[][] tooShort = [new float[200_000], new float[100_000]];

        Assert.Throws<ArgumentOutOfRangeException>(() => forest.Score(tooShort, 200_000, new double[200_000]));
    }

    public static TheoryData<int> ColumnCounts => [.. Enumerable.Range(1, WidestNarrow), 64, 300];

    private static IEnumerable<ForestLayout> Layouts(IsolationForest forest) =>
        Enum.GetValues<ForestPath>().Where(p => p != ForestPath.Preorder).Select(p => ForestLayout.TryCreate(forest, p)).OfType<ForestLayout>();

    /// <summary>Random values, the thresholds themselves, their neighbours, zeros of both signs, the smallest numbers, infinities and NaN.</summary>
    private static float[][] HardRows(IsolationForest forest, int rows)
    {
        var random = new Xoshiro256(seed: 11, stream: forest.FeatureCount);
        var columns = new float[forest.FeatureCount][];
        for (var c = 0; c < columns.Length; c++)
        {
            float[] thresholds = [.. forest.Nodes.Where(n => n.Feature == c).Select(n => n.Threshold), 1f];
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
                    6 => float.Epsilon,
                    7 => -float.Epsilon,
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

using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Forests;

public class ObliqueForestTests
{
    [Fact]
    public void The_ghost_of_two_clusters_is_found_though_each_of_its_values_is_usual()
    {
        // Tests of one column cast the clusters' shadows on each other's sides (Hariri 2019, figure 2).
        var columns = SampleModels.Uniform(2, 2_000, seed: 1);
        for (var r = 0; r < 2_000; r++)
        {
            var side = r % 2 == 0 ? 30 : -30;
            columns[0][r] = columns[0][r] * 0.2f + side;
            columns[1][r] = columns[1][r] * 0.2f - side;
        }

        float[][] ghosts = [[30, -30], [30, -30]];
        var options = new IsolationForestOptions { Seed = 1 };
        var oblique = Rank(ObliqueForestTrainer.Train(columns, 2_000, options with { ExtensionLevel = 1 }, CancellationToken.None), columns, ghosts);
        var parallel = Rank(SampleModels.Forest(columns, options), columns, ghosts);

        Assert.True(oblique.Min() > 0.99, $"{oblique[0]} and {oblique[1]} of the rows are less anomalous");
        Assert.True(parallel.Max() < oblique.Min(), $"{parallel[0]} and {parallel[1]} for tests of one column");
    }

    [Fact]
    public void A_small_dense_cluster_stands_out_by_the_averaged_gain()
    {
        // 40 of 2,000 rows together beyond the rest: their depth alone says little, the gap before them says it.
        var random = new Xoshiro256(5, 5);
        var columns = new[] { new float[2_000], new float[2_000] };
        for (var r = 0; r < 2_000; r++)
        {
            var away = r < 40 ? 60 : 0;
            columns[0][r] = (float)(away + (r < 40 ? 1 : 40) * (random.NextUniform() - 0.5));
            columns[1][r] = (float)(away + (r < 40 ? 1 : 40) * (random.NextUniform() - 0.5));
        }

        var forest = ObliqueForestTrainer.Train(
            columns, 2_000, new IsolationForestOptions { ExtensionLevel = 1, Criterion = SplitCriterion.AveragedGain, Metric = LeafMetric.Density }, CancellationToken.None);
        float[][] probes = [[60, 0], [60, 0]];
        var scores = SampleModels.Score(forest, probes);

        Assert.True(scores[0] > scores[1], $"cluster {scores[0]}, middle {scores[1]}");
    }

    [Theory]
    [InlineData(0, nameof(SplitCriterion.PooledGain), nameof(LeafMetric.PathLength))]
    [InlineData(4, nameof(SplitCriterion.Random), nameof(LeafMetric.Density))]
    [InlineData(IsolationForestOptions.FullExtension, nameof(SplitCriterion.AveragedGain), nameof(LeafMetric.Density))]
    public void The_same_seed_gives_the_same_bits_at_any_number_of_threads_and_in_any_batch(int level, string criterion, string metric)
    {
        var columns = SampleModels.Uniform(7, 900, seed: 3);
        var options = new IsolationForestOptions { Trees = 20, SampleSize = 128, ExtensionLevel = level, Criterion = Enum.Parse<SplitCriterion>(criterion), Metric = Enum.Parse<LeafMetric>(metric), Seed = 11 };
        var one = ObliqueForestTrainer.Train(columns, 900, options, threads: 1, CancellationToken.None);
        var many = ObliqueForestTrainer.Train(columns, 900, options, threads: 5, CancellationToken.None);

        Assert.Equal(one.Nodes, many.Nodes);
        Assert.Equal(one.Terms, many.Terms);
        var together = SampleModels.Score(one, columns);
        Assert.All(Enumerable.Range(0, 900).Where(r => r % 37 == 0), r => Assert.Equal(together[r], SampleModels.Score(many, [.. columns.Select(c => new[] { c[r] })])[0]));
        Assert.NotEqual(together, SampleModels.Score(ObliqueForestTrainer.Train(columns, 900, options with { Seed = 12 }, 1, CancellationToken.None), columns));
        Assert.All(together, s => Assert.InRange(s, 0, 1));
    }

    [Fact]
    public void Units_do_not_matter()
    {
        var columns = Diagonal(1_000, seed: 2);
        float[][] scaled = [columns[0], [.. columns[1].Select(v => v * 4_096)]];
        var options = new IsolationForestOptions { Trees = 30, ExtensionLevel = 1, Metric = LeafMetric.Density };

        Assert.Equal(
            SampleModels.Score(ObliqueForestTrainer.Train(columns, 1_000, options, CancellationToken.None), columns),
            SampleModels.Score(ObliqueForestTrainer.Train(scaled, 1_000, options, CancellationToken.None), scaled));
    }

    [Theory]
    [InlineData(nameof(SplitCriterion.Random))]
    [InlineData(nameof(SplitCriterion.AveragedGain))]
    public void Constant_and_repeated_columns_and_extreme_values_are_taken(string criterion)
    {
        var value = SampleModels.Uniform(1, 500, seed: 4)[0];
        value[3] = float.MaxValue;
        value[4] = float.MinValue;
        float[][] columns = [value, value, new float[500], [.. value.Select(v => v > 0 ? 1f : 0f)]];
        var forest = ObliqueForestTrainer.Train(
            columns, 500, new IsolationForestOptions { Trees = 50, ExtensionLevel = 3, Criterion = Enum.Parse<SplitCriterion>(criterion), Metric = LeafMetric.Density }, CancellationToken.None);

        Assert.DoesNotContain(forest.Terms, t => t.Column == 2);
        var scores = SampleModels.Score(forest, columns);
        Assert.All(scores, s => Assert.InRange(s, 0, 1));
        Assert.Equal(scores.Max(), Math.Max(scores[3], scores[4]));
    }

    [Fact]
    public void Rows_that_are_all_the_same_give_a_forest_that_finds_nothing()
    {
        var forest = ObliqueForestTrainer.Train([new float[300]], 300, new IsolationForestOptions { Trees = 5, Metric = LeafMetric.Density }, CancellationToken.None);

        Assert.Equal([0.5, 0.5], SampleModels.Score(forest, [[0, 1e9f]]));
    }

    [Fact]
    public void Three_hundred_columns_are_grown_and_scored()
    {
        var columns = SampleModels.Uniform(300, 300, seed: 6);
        var forest = ObliqueForestTrainer.Train(columns, 300, new IsolationForestOptions { Trees = 10, ExtensionLevel = 31 }, CancellationToken.None);

        Assert.Equal(32, forest.LargestTest);
        Assert.All(SampleModels.Score(forest, columns), s => Assert.InRange(s, 0.3, 0.7));
    }

    [Fact]
    public void Scoring_allocates_nothing()
    {
        var columns = SampleModels.Uniform(6, 1_000, seed: 7);
        var forest = ObliqueForestTrainer.Train(columns, 1_000, new IsolationForestOptions { Trees = 10, ExtensionLevel = 5 }, CancellationToken.None);
        var scores = new double[1_000];
        forest.Score(columns, 1_000, scores);
        var before = GC.GetAllocatedBytesForCurrentThread();
        forest.Score(columns, 1_000, scores);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        var error = Assert.Throws<TrainingException>(() =>
            ObliqueForestTrainer.Train([[1, 2]], 2, new IsolationForestOptions { ExtensionLevel = -1, Trees = 0 }, CancellationToken.None));

        Assert.Contains("extension level: -1", error.Message, StringComparison.Ordinal);
        Assert.Contains("trees: 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_best_split_lies_in_the_gap()
    {
        double[] two = [9, 1, 1.5, 2, 9.5, 1e12 - 1e12 + 2.5];

        Assert.Equal(5.75, SplitSearch.Best(two, SplitCriterion.PooledGain));
        Assert.Equal(5.75, SplitSearch.Best(two, SplitCriterion.AveragedGain));
        // One far value: the averaged gain takes it off, however few it is.
        Assert.Equal(55, SplitSearch.Best([8, 9, 10, 11, 100, 10.5, 9.5, 10], SplitCriterion.AveragedGain), tolerance: 1);
    }

    /// <summary>Two columns from −50 to 50 that are nearly equal.</summary>
    private static float[][] Diagonal(int rows, long seed)
    {
        var columns = SampleModels.Uniform(2, rows, seed);
        for (var r = 0; r < rows; r++)
        {
            columns[1][r] = columns[0][r] + columns[1][r] * 0.05f;
        }

        return columns;
    }

    /// <summary>Share of the rows that score below each probe.</summary>
    private static double[] Rank(IAnomalyDetector forest, float[][] columns, float[][] probes)
    {
        var usual = SampleModels.Score(forest, columns);
        return [.. SampleModels.Score(forest, probes).Select(p => usual.Count(u => u < p) / (double)usual.Length)];
    }
}

using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Tests.Modeling.Forests;

public class IsolationForestTests
{
    [Fact]
    public void The_same_seed_gives_the_same_forest_and_another_seed_another()
    {
        var columns = SampleModels.Uniform(3, 5_000, seed: 1);
        var first = SampleModels.Forest(columns, new IsolationForestOptions { Seed = 7 });
        var again = SampleModels.Forest(columns, new IsolationForestOptions { Seed = 7 });
        var other = SampleModels.Forest(columns, new IsolationForestOptions { Seed = 8 });

        Assert.Equal(first.Nodes, again.Nodes);
        Assert.NotEqual(first.Nodes, other.Nodes);
    }

    [Fact]
    public void A_tree_does_not_depend_on_the_trees_before_it()
    {
        var columns = SampleModels.Uniform(4, 1_000, seed: 2);
        var few = SampleModels.Forest(columns, new IsolationForestOptions { Trees = 3, Seed = 5 });
        var many = SampleModels.Forest(columns, new IsolationForestOptions { Trees = 9, Seed = 5 });

        var common = few.Nodes.Length;
        Assert.Equal(few.Nodes.Select(n => (n.Feature, n.Threshold, n.Right)), many.Nodes.Take(common).Select(n => (n.Feature, n.Threshold, n.Right)));
    }

    [Theory]
    [InlineData(100, 256, null)]
    [InlineData(31, 2_000, 40)]
    public void Any_number_of_threads_grows_the_same_forest(int trees, int sampleSize, int? depth)
    {
        var columns = SampleModels.Uniform(3, 4_000, seed: 3);
        var options = new IsolationForestOptions { Trees = trees, SampleSize = sampleSize, MaxDepth = depth, Seed = 4 };
        var alone = IsolationForestTrainer.Train(columns, 4_000, options, threads: 1, CancellationToken.None);
        foreach (var threads in (int[])[2, 3, 8])
        {
            var together = IsolationForestTrainer.Train(columns, 4_000, options, threads, CancellationToken.None);
            Assert.Equal(alone.Nodes, together.Nodes);
            Assert.Equal(alone.Roots, together.Roots);
            Assert.Equal(alone.LeafUnit, together.LeafUnit);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Growing_can_be_interrupted(int threads)
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(
            () => IsolationForestTrainer.Train(SampleModels.Uniform(2, 500, seed: 1), 500, new IsolationForestOptions(), threads, stop.Token));
    }

    [Fact]
    public void A_sample_has_no_row_twice_and_every_row_its_turn()
    {
        var drawer = new SampleDrawer(rows: 50, sampleSize: 20);
        var random = new Xoshiro256(seed: 6, stream: 0);
        var times = new int[50];
        for (var round = 0; round < 2_000; round++)
        {
            var sample = drawer.Draw(ref random).ToArray();
            Assert.Equal(20, sample.Distinct().Count());
            Array.ForEach(sample, row => times[row]++);
        }

        Assert.All(times, t => Assert.InRange(t, 650, 950));
    }

    [Fact]
    public void An_outlier_scores_higher_than_the_crowd()
    {
        var columns = SampleModels.Uniform(2, 2_000, seed: 3);
        columns[0][17] = 1_000;
        columns[1][17] = -1_000;
        var scores = SampleModels.Score(SampleModels.Forest(columns, new IsolationForestOptions()), columns);

        Assert.InRange(scores.Count(s => s > scores[17]), 0, 5);
        Assert.InRange(scores.Average(), 0.35, 0.55);
    }

    [Theory]
    [InlineData(1, 256, null)]
    [InlineData(3, 256, null)]
    [InlineData(37, 64, null)]
    [InlineData(300, 100, null)]
    [InlineData(2_500, 16, null)]
    [InlineData(5, 2_000, 16)]
    [InlineData(5, 2, null)]
    public void A_row_scores_the_same_bits_in_any_batch_and_with_any_layout(int features, int sampleSize, int? maxDepth)
    {
        var columns = SampleModels.Uniform(features, 2_000, seed: features);
        columns[0][5] = float.PositiveInfinity;
        columns[0][6] = float.NegativeInfinity;
        columns[features - 1][7] = float.NaN;
        var training = SampleModels.Uniform(features, 2_000, seed: features);
        var forest = SampleModels.Forest(training, new IsolationForestOptions { Trees = 13, SampleSize = sampleSize, MaxDepth = maxDepth });

        var expected = new double[2_000];
        new PreorderLayout(forest).Score(columns, 0, expected.Length, expected);
        Assert.Equal(expected, SampleModels.Score(forest, columns));
        foreach (var batch in new[] { 1, 2, 7, 8, 9, 15, 100, 257, 999 })
        {
            var start = batch * 31 % 900;
            var part = columns.Select(c => c[start..(start + batch)]).ToArray();
            Assert.Equal(expected[start..(start + batch)], SampleModels.Score(forest, part));
        }
    }

    [Fact]
    public void Unlimited_depth_is_scored_by_the_general_layout()
    {
        var columns = SampleModels.Uniform(2, 3_000, seed: 4);
        var forest = SampleModels.Forest(columns, new IsolationForestOptions { Trees = 20, SampleSize = 2_000, MaxDepth = 1_000 });
        var scores = SampleModels.Score(forest, columns);

        Assert.True(forest.Depth > 16);
        Assert.Equal("preorder", forest.ScoringPath);
        Assert.All(scores, s => Assert.InRange(s, 0.2, 0.8));
    }

    [Fact]
    public void Scores_follow_the_formula_of_the_paper()
    {
        // Two distinct values: every tree of two rows splits once, so E[h] = 1 = c(2) and the score is 2^-1.
        float[][] columns = [[1, 2]];
        var forest = SampleModels.Forest(columns, new IsolationForestOptions { Trees = 10, SampleSize = 2 });

        Assert.Equal([0.5, 0.5], SampleModels.Score(forest, columns));
    }

    [Fact]
    public void Constant_data_scores_one_half()
    {
        var columns = new[] { Enumerable.Repeat(3f, 500).ToArray(), Enumerable.Repeat(-1f, 500).ToArray() };
        var forest = SampleModels.Forest(columns, new IsolationForestOptions());

        Assert.Equal(0, forest.Depth);
        Assert.All(SampleModels.Score(forest, columns), s => Assert.Equal(0.5, s, 1e-12));
    }

    [Fact]
    public void A_constant_column_is_never_split()
    {
        var columns = SampleModels.Uniform(3, 1_000, seed: 5);
        columns[1].AsSpan().Fill(4);
        var forest = SampleModels.Forest(columns, new IsolationForestOptions());

        Assert.DoesNotContain(forest.Nodes, n => n.Feature == 1);
        Assert.Contains(forest.Nodes, n => n.Feature == 2);
    }

    [Fact]
    public void Neighbouring_floats_and_the_widest_range_are_split()
    {
        float[][] columns = [[1, float.BitIncrement(1), float.MinValue, float.MaxValue]];
        var forest = SampleModels.Forest(columns, new IsolationForestOptions { Trees = 200, SampleSize = 4, MaxDepth = 10 });

        Assert.All(forest.Nodes, n => Assert.True(float.IsFinite(n.Threshold)));
        Assert.All(SampleModels.Score(forest, columns), s => Assert.InRange(s, 0.01, 0.99));
    }

    [Theory]
    [InlineData(0, 256, null, "trees: 0")]
    [InlineData(10_001, 256, null, "trees: 10001")]
    [InlineData(100, 1, null, "sample size: 1")]
    [InlineData(100, 65_537, null, "sample size: 65537")]
    [InlineData(100, 256, 0, "max depth: 0")]
    [InlineData(10_000, 65_536, null, "trees × sample size")]
    public void Options_out_of_range_are_named(int trees, int sampleSize, int? depth, string message)
    {
        var options = new IsolationForestOptions { Trees = trees, SampleSize = sampleSize, MaxDepth = depth };
        var error = Assert.Throws<TrainingException>(() => SampleModels.Forest(SampleModels.Uniform(2, 10, 1), options));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_cannot_grow_a_forest_is_refused()
    {
        Assert.Throws<TrainingException>(() => SampleModels.Forest([[1]], new IsolationForestOptions()));
        Assert.Throws<TrainingException>(() => SampleModels.Forest([[1, 2, float.NaN]], new IsolationForestOptions()));
        Assert.Throws<TrainingException>(() => SampleModels.Forest([[1, 2, float.PositiveInfinity]], new IsolationForestOptions()));
    }

    [Fact]
    public void Scoring_allocates_nothing()
    {
        var columns = SampleModels.Uniform(3, 8_192, seed: 6);
        var forest = SampleModels.Forest(columns, new IsolationForestOptions());
        var scores = new double[8_192];
        forest.Score(columns, scores.Length, scores);

        var before = GC.GetAllocatedBytesForCurrentThread();
        forest.Score(columns, scores.Length, scores);
        forest.Score(columns, 3, scores);
        forest.Score(columns, 20, scores);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}

using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Tests.Modeling.Forests;

public class ForestArithmeticTests
{
    [Fact]
    public void Average_paths_are_those_of_scikit_learn()
    {
        Assert.Equal(0, PathLength.Average(0));
        Assert.Equal(0, PathLength.Average(1));
        Assert.Equal(1, PathLength.Average(2));
        Assert.Equal(2 * (Math.Log(4) + 0.5772156649015329) - 2 * 4 / 5.0, PathLength.Average(5), 12);
        Assert.Equal(2 * (Math.Log(998) + 0.5772156649015329) - 2 * 998 / 999.0, PathLength.Average(999), 12);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(256, 8)]
    [InlineData(257, 9)]
    [InlineData(65_536, 16)]
    public void The_depth_limit_is_the_rounded_up_logarithm(int rows, int depth) => Assert.Equal(depth, PathLength.DepthLimit(rows));

    [Fact]
    public void Powers_of_two_are_as_exact_as_the_library_s()
    {
        for (var x = 0.0; x > -60; x -= 0.00137)
        {
            Assert.InRange(Exp2.Of(x) / Math.Pow(2, x), 1 - 5e-16, 1 + 5e-16);
        }

        Assert.Equal(1, Exp2.Of(0));
        Assert.Equal(0.5, Exp2.Of(-1));
        Assert.Equal(0, Exp2.Of(-5_000));
        Assert.Equal(0, Exp2.Of(double.NegativeInfinity));
    }

    [Fact]
    public void The_random_sequence_is_frozen()
    {
        var random = new Xoshiro256(seed: 42, stream: 3);
        ulong[] first = [random.Next(), random.Next(), random.Next()];

        Assert.Equal(FrozenSequence, first);
    }

    [Fact]
    public void Draws_below_a_bound_are_even()
    {
        var random = new Xoshiro256(seed: 1, stream: 0);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
        {
            counts[random.NextBelow(7)]++;
        }

        // 10,000 expected, deviation 93.
        Assert.All(counts, c => Assert.InRange(c, 9_600, 10_400));
    }

    private static readonly ulong[] FrozenSequence = [8224531724569051094, 15945846372751468452, 10954988873808851445];
}

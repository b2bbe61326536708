using IotAnalytics.Core.Modeling.Drift;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Tests.Modeling.Drift;

public class StabilityIndexTests
{
    [Fact]
    public void The_same_distribution_is_far_below_the_limit_and_a_shift_of_half_a_deviation_above()
    {
        var bins = StabilityIndex.BinsOf(Normal(20_000, 1, 0))!;

        Assert.InRange(StabilityIndex.Of(bins, Normal(5_000, 2, 0)), 0, 0.01);
        Assert.InRange(StabilityIndex.Of(bins, Normal(5_000, 2, 0.5)), StabilityIndex.Limit, 0.35);
    }

    [Fact]
    public void It_is_the_sum_over_the_bins()
    {
        // Ten bins of one hundred values; the sample has two bins of them, half and half.
        var bins = StabilityIndex.BinsOf(Enumerable.Range(0, 1_000).Select(i => (double)i))!;
        double[] sample = [.. Enumerable.Range(0, 100).Select(i => i < 50 ? 10.0 : 990)];
        var empty = 0.005;

        Assert.Equal(10, bins.Shares.Length);
        Assert.All(bins.Shares, share => Assert.Equal(0.1, share, 12));
        Assert.Equal(2 * 0.4 * Math.Log(5) + 8 * (empty - 0.1) * Math.Log(empty / 0.1), StabilityIndex.Of(bins, sample), 10);
    }

    [Fact]
    public void Values_that_repeat_make_fewer_bins_each_with_its_own_share()
    {
        // A valve: closed most of the time.
        var bins = StabilityIndex.BinsOf(Enumerable.Range(0, 1_000).Select(i => i % 10 < 7 ? 0.0 : i % 10))!;

        Assert.Equal(0.7, bins.Shares[0], 12);
        Assert.Equal(0, StabilityIndex.Of(bins, [.. Enumerable.Range(0, 500).Select(i => i % 10 < 7 ? 0.0 : i % 10)]), 12);
        Assert.True(StabilityIndex.Of(bins, [.. Enumerable.Range(0, 500).Select(i => i % 10 < 2 ? 0.0 : 9)]) > StabilityIndex.Limit);
    }

    [Fact]
    public void A_constant_feature_has_one_bin_and_never_drifts_by_itself()
    {
        var bins = StabilityIndex.BinsOf(Enumerable.Repeat(5.0, 500))!;

        Assert.Single(bins.Shares);
        Assert.Equal(0, StabilityIndex.Of(bins, [5, 5, 7]));
    }

    [Fact]
    public void Nothing_is_said_of_too_few_values()
    {
        Assert.Null(StabilityIndex.BinsOf(Enumerable.Repeat(1.0, 99)));
        Assert.Equal(double.NaN, StabilityIndex.Of(StabilityIndex.BinsOf(Enumerable.Range(0, 100).Select(i => (double)i))!, [double.NaN]));
    }

    internal static double[] Normal(int count, long seed, double mean)
    {
        var random = new Xoshiro256(seed, 77);
        return [.. Enumerable.Range(0, count).Select(_ => mean + NormalScores.Inverse(Math.Clamp(random.NextUniform(), 1e-12, 1 - 1e-12)))];
    }
}

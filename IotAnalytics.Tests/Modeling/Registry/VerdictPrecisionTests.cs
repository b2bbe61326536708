using IotAnalytics.Core.Modeling.Registry;

namespace IotAnalytics.Tests.Modeling.Registry;

public sealed class VerdictPrecisionTests
{
    [Theory]
    [InlineData(7, 10)]
    [InlineData(1, 3)]
    [InlineData(390, 650)]
    public void The_bounds_are_where_the_share_found_is_just_within_the_deviation_of_the_score_test(long confirmed, long judged)
    {
        var precision = new VerdictPrecision(confirmed, judged - confirmed);
        var (low, high) = precision.Interval!.Value;

        Assert.InRange(precision.Share!.Value, low, high);
        foreach (var bound in new[] { low, high })
        {
            Assert.Equal(1.959963984540054, Math.Abs(precision.Share.Value - bound) / Math.Sqrt(bound * (1 - bound) / judged), 1e-9);
        }
    }

    [Fact]
    public void The_interval_is_the_one_that_R_gives()
    {
        // prop.test(7, 10, correct = FALSE)
        var (low, high) = new VerdictPrecision(7, 3).Interval!.Value;

        Assert.Equal(0.3967781, low, 1e-7);
        Assert.Equal(0.8922087, high, 1e-7);
    }

    [Fact]
    public void None_and_all_reach_the_end()
    {
        Assert.Equal(0, new VerdictPrecision(0, 10).Interval!.Value.Low);
        Assert.InRange(new VerdictPrecision(0, 10).Interval!.Value.High, 0.27, 0.28);
        Assert.Equal(1, new VerdictPrecision(1, 0).Interval!.Value.High);
        Assert.InRange(new VerdictPrecision(1, 0).Interval!.Value.Low, 0.20, 0.21);
    }

    [Fact]
    public void Without_a_verdict_there_is_no_precision()
    {
        Assert.Null(default(VerdictPrecision).Share);
        Assert.Null(default(VerdictPrecision).Interval);
    }
}

using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.Shadows;

namespace IotAnalytics.Tests.Modeling.Shadows;

public sealed class ShadowStatisticsTests
{
    // Binomial sums in Python's integers; beyond 1,000 cases its erfc((|a - b| - 1) / sqrt(2 * (a + b))).
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(5, 5, 1)]
    [InlineData(1, 9, 0.021484375)]
    [InlineData(9, 1, 0.021484375)]
    [InlineData(0, 12, 0.00048828125)]
    [InlineData(40, 60, 0.05688793364098078)]
    [InlineData(480, 520, 0.21744829320414094)]
    [InlineData(900, 1_100, 8.596018738181893e-06)]
    [InlineData(5_000, 5_000, 1)]
    public void The_test_of_differing_cases_gives_the_known_probabilities(long one, long other, double expected) =>
        Assert.Equal(expected, SignTest.PValue(one, other), expected * 1e-3);

    [Fact]
    public void A_split_needs_388_verdicts_an_arm_to_tell_a_half_from_three_fifths()
    {
        Assert.Equal(388, SplitPower.NeededPerArm);
        Assert.Equal(0.8, SplitPower.Of(388, 388), 0.002);
        Assert.Equal(0, SplitPower.Of(0, 1_000));
        // One arm alone cannot make up for the other.
        Assert.InRange(SplitPower.Of(40, 1_000_000), 0.2, 0.3);
    }

    [Fact]
    public void A_verdict_counts_for_every_model_that_raised_the_alarm()
    {
        var verdicts = new PairedVerdicts(new VerdictPrecision(10, 4), new VerdictPrecision(3, 7), new VerdictPrecision(5, 1), new VerdictPrecision(2, 6));

        Assert.Equal(new VerdictPrecision(18, 12), verdicts.Champion);
        Assert.Equal(new VerdictPrecision(17, 11), verdicts.Shadow);
        Assert.Equal((new VerdictPrecision(13, 11), new VerdictPrecision(7, 7)), (verdicts.ChampionArm, verdicts.ShadowArm));
        Assert.Equal((9, 9, 1.0), (verdicts.ChampionRight, verdicts.ShadowRight, verdicts.PValue));
    }
}

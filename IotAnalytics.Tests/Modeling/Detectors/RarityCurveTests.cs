using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Detectors;

public class RarityCurveTests
{
    private static readonly double[] Reference = [.. Enumerable.Range(0, 10_000).Select(i => i / 20_000.0)];

    [Fact]
    public void One_test_gives_the_rarity_itself()
    {
        var curve = RarityCurve.Fit(Reference, tests: 1);

        foreach (var score in new[] { 0.05, 0.25, 0.45, 0.49, 0.4999 })
        {
            Assert.Equal(Rarity.Of(score, Reference), Math.Exp(-curve.Surprise(score)), tolerance: 0.001);
        }
    }

    [Fact]
    public void Three_tests_make_a_row_three_times_less_surprising()
    {
        var curve = RarityCurve.Fit(Reference, tests: 3);

        Assert.Equal(3 * Rarity.Of(0.4995, Reference), Math.Exp(-curve.Surprise(0.4995)), tolerance: 0.0001);
        Assert.Equal(1 - Math.Pow(0.5, 3), Math.Exp(-curve.Surprise(0.25)), tolerance: 0.005);
        Assert.Equal(0, curve.Surprise(-1), tolerance: 1e-9);
    }

    [Fact]
    public void The_smallest_of_three_independent_rarities_flags_as_many_rows_as_asked_for()
    {
        var random = new Xoshiro256(8, 0);
        var curve = RarityCurve.Fit(Reference, tests: 3);
        var flagged = 0;
        for (var i = 0; i < 100_000; i++)
        {
            double Draw() => curve.Surprise(random.NextUniform() * 0.5);
            flagged += Math.Max(Draw(), Math.Max(Draw(), Draw())) > Math.Log(100) ? 1 : 0;
        }

        Assert.InRange(flagged, 900, 1_100);
    }

    [Fact]
    public void Beyond_the_reference_scores_keep_their_order()
    {
        var curve = RarityCurve.Fit(Reference, tests: 2);
        double[] beyond = [0.49995, 0.5, 0.51, 0.6, 0.99, 1];

        Assert.Equal(beyond, beyond.OrderBy(curve.Surprise));
        Assert.Equal(beyond.Length, beyond.Select(curve.Surprise).Distinct().Count());
        Assert.True(curve.Surprise(0.5) > Math.Log(2_000), $"{curve.Surprise(0.5)}");
    }

    [Fact]
    public void Equal_reference_scores_and_a_single_one_are_taken()
    {
        var ties = RarityCurve.Fit([.. Enumerable.Repeat(0.4, 99).Append(0.7)], tests: 2);
        var single = RarityCurve.Fit([0.5], tests: 2);

        Assert.True(ties.Surprise(0.3) < 1e-9);
        Assert.True(ties.Surprise(0.7) > 2);
        Assert.True(double.IsFinite(single.Surprise(1)));
        Assert.True(single.Surprise(0.6) > single.Surprise(0.5));
    }
}

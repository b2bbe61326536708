using IotAnalytics.Core.Modeling.Drift;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Tests.Modeling.Drift;

public class CusumTests
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Independent_rows_give_at_most_one_false_alarm_in_ten_thousand(double k)
    {
        const int Rows = 2_000_000;
        var design = CusumDesign.ForIndependent(k, CusumDesign.RowsPerFalseAlarm);
        var alarms = CusumChart.Count(design, StabilityIndexTests.Normal(Rows, 3, 0));

        // About 200 are allowed; three standard deviations of that count, and not far fewer: the limit is no higher than it must be.
        Assert.InRange(alarms, 100, 243);
    }

    [Fact]
    public void Rows_that_remember_are_calibrated_where_the_formula_fails()
    {
        // φ = 0.95: a value is forgotten after some sixty rows, as a room forgets a sunbeam.
        var design = CusumDesign.ForIndependent(0.5, CusumDesign.RowsPerFalseAlarm);
        var calibrated = CusumDesign.Calibrate(Remembering(200_000, seed: 1));
        var later = Remembering(1_000_000, seed: 2);

        Assert.True(CusumChart.Count(design, later) > 1_000);
        Assert.InRange(CusumChart.Count(calibrated, later), 0, 100);
    }

    [Fact]
    public void A_shift_of_two_deviations_is_found_within_twenty_rows_up_and_down()
    {
        foreach (var shift in new[] { 2.0, -2.0 })
        {
            var chart = new CusumChart(CusumDesign.ForIndependent(0.5, CusumDesign.RowsPerFalseAlarm));
            var rows = StabilityIndexTests.Normal(100, 4, shift);
            Assert.InRange(Array.FindIndex(rows, z => chart.Add(z, out _)), 1, 20);
        }
    }

    [Fact]
    public void After_an_alarm_the_chart_begins_again()
    {
        var chart = new CusumChart(new CusumDesign(0.5, 2));

        Assert.False(chart.Add(2, out var height));
        Assert.Equal(1.5, height);
        Assert.True(chart.Add(2, out height));
        Assert.Equal(3, height);
        Assert.False(chart.Add(0, out height));
        Assert.Equal(0, height);
    }

    [Fact]
    public void Scores_of_rows_like_the_reference_are_standard_normal_whatever_the_scores_look_like()
    {
        // Skewed, with ties.
        static double[] Scores(long seed)
        {
            var random = new Xoshiro256(seed, 5);
            return [.. Enumerable.Range(0, 50_000).Select(_ => Math.Round(0.4 + 0.1 * -Math.Log(1 - random.NextUniform()), 3))];
        }

        double[] reference = [.. Scores(1).Order()];
        double[] z = [.. Scores(2).Select(s => NormalScores.Of(s, reference))];

        Assert.Equal(0, z.Average(), 0.02);
        Assert.Equal(1, z.Average(v => v * v), 0.03);
        Assert.Equal(1.959963985, NormalScores.Inverse(0.975), 7);
        Assert.Equal(-3.090232306, NormalScores.Inverse(0.001), 7);
        Assert.True(NormalScores.Of(9, reference) is > 4 and < 5);
    }

    private static double[] Remembering(int rows, long seed)
    {
        var noise = StabilityIndexTests.Normal(rows, seed, 0);
        for (var r = 1; r < rows; r++)
        {
            noise[r] = 0.95 * noise[r - 1] + Math.Sqrt(1 - 0.95 * 0.95) * noise[r];
        }

        return noise;
    }
}

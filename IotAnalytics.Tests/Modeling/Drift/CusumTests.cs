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
        var calibrated = CusumDesign.Calibrate(Remembering(200_000, seed: 1), charts: 1);
        var later = Remembering(1_000_000, seed: 2);

        Assert.True(CusumChart.Count(design, later) > 1_000);
        Assert.InRange(CusumChart.Count(calibrated, later), 0, 100);
    }

    [Fact]
    public void Eight_charts_together_keep_the_promise_even_after_a_short_calibration()
    {
        const int Rows = 200_000;
        var alarms = Enumerable.Range(0, 8).Sum(chart =>
            CusumChart.Count(CusumDesign.Calibrate(Remembering(CusumDesign.FewestRows, 10 + chart), charts: 8), Remembering(Rows, 50 + chart)));

        Assert.InRange(alarms, 0, Rows / CusumDesign.RowsPerFalseAlarm);
    }

    [Fact]
    public void Of_a_plant_that_swings_day_and_night_the_charts_find_a_shift_within_minutes_and_nothing_before_it()
    {
        static List<ShiftRow> Rows(long seed, int from, int count, double shift, double spread)
        {
            // Ten sensors a minute apart: a daily swing of three, each at its own place, noise with a memory.
            var rows = new List<ShiftRow>();
            var noise = Enumerable.Range(0, 10).Select(s => Remembering(count, seed + 100 * s)).ToArray();
            for (var r = 0; r < count; r++)
            {
                for (var s = 0; s < 10; s++)
                {
                    rows.Add(new ShiftRow($"s{s}", (from + r) * 60_000L, [s + 3 * Math.Sin(2 * Math.PI * (from + r) / 1440) + shift + spread * noise[s][r]]));
                }
            }

            return rows;
        }

        static int FirstAlarm(ShiftCharts charts, List<ShiftRow> rows) => rows.FindIndex(r => charts.Add(r) is not null);

        var charts = ShiftCharts.Calibrate(Rows(1, 0, 3 * 1440, 0, 1), pauseMs: 3_600_000);
        Assert.Equal(-1, FirstAlarm(charts, Rows(2, 3 * 1440, 2 * 1440, 0, 1)));
        Assert.InRange(FirstAlarm(charts, Rows(3, 5 * 1440, 720, 3, 1)), 0, 300);

        // The charts have begun again: what is usual now is no alarm, and the next change is.
        Assert.Equal(-1, FirstAlarm(charts, Rows(4, 5 * 1440 + 720, 720, 3, 1)));
        Assert.InRange(FirstAlarm(charts, Rows(5, 6 * 1440, 720, 3, 4)), 0, 300);
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

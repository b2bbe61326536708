using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.SelfChecks;

namespace IotAnalytics.Tests.Modeling.SelfChecks;

public sealed class AlarmRateTests
{
    private const double Target = 0.001;

    // Readings an hour: one sensor a minute apart, one at ten seconds, 25 of them, 550 of them.
    [Theory]
    [InlineData(60, 1)]
    [InlineData(360, 1)]
    [InlineData(9_000, 1)]
    [InlineData(200_000, 1)]
    [InlineData(360, 10)]
    [InlineData(9_000, 10)]
    [InlineData(200_000, 10)]
    public void Of_ten_thousand_healthy_days_one_at_most_is_called_extreme(int readingsAnHour, int alarmsAtOnce) =>
        Assert.InRange(Enumerable.Range(0, 10_000).Count(day => Day(day, readingsAnHour, Target, alarmsAtOnce).Extreme is not null), 0, 1);

    [Theory]
    [InlineData(9_000, 2.0)]
    [InlineData(9_000, 0.5)]
    [InlineData(200_000, 2.0)]
    [InlineData(200_000, 0.5)]
    public void A_rate_at_the_bound_is_hardly_ever_called_extreme(int readingsAnHour, double times) =>
        Assert.InRange(Enumerable.Range(0, 10_000).Count(day => Day(day, readingsAnHour, times * Target, 1).Extreme is not null), 0, 1);

    [Theory]
    [InlineData(360, 8, ModelCheck.AlarmRateHigh)]
    [InlineData(9_000, 3, ModelCheck.AlarmRateHigh)]
    [InlineData(200_000, 2.3, ModelCheck.AlarmRateHigh)]
    [InlineData(9_000, 0.1, ModelCheck.AlarmRateLow)]
    [InlineData(200_000, 0.4, ModelCheck.AlarmRateLow)]
    public void A_rate_far_from_the_target_is_found_within_a_day(int readingsAnHour, double times, string check)
    {
        var found = Enumerable.Range(0, 1_000).Count(day => Day(day, readingsAnHour, times * Target, 1).Extreme == check);

        Assert.InRange(found, 990, 1_000);
    }

    [Fact]
    public void One_bad_hour_is_not_a_bad_model()
    {
        AlarmCount[] hours = [.. Enumerable.Repeat(new AlarmCount(9_000, 9), 23), new AlarmCount(9_000, 5_000)];

        Assert.Null(Of(Target, isTargetOfHealthy: true, hours).Extreme);
    }

    [Fact]
    public void Fewer_than_six_hours_say_nothing()
    {
        var hour = new AlarmCount(9_000, 5_000);

        Assert.Null(Of(Target, isTargetOfHealthy: true, [.. Enumerable.Repeat(hour, 5)]).Extreme);
        Assert.Equal(ModelCheck.AlarmRateHigh, Of(Target, isTargetOfHealthy: true, [.. Enumerable.Repeat(hour, 6)]).Extreme);
    }

    [Fact]
    public void A_bootstrap_model_may_flag_less_than_its_synthetic_set_had_faults_but_not_half_of_all()
    {
        AlarmCount[] quiet = [.. Enumerable.Repeat(new AlarmCount(9_000, 0), 24)];
        AlarmCount[] loud = [.. Enumerable.Repeat(new AlarmCount(9_000, 4_500), 24)];

        Assert.Null(Of(0.1, isTargetOfHealthy: false, quiet).Extreme);
        Assert.Equal(ModelCheck.AlarmRateHigh, Of(0.1, isTargetOfHealthy: false, loud).Extreme);
        Assert.Null(Of(null, isTargetOfHealthy: false, loud).Extreme);
        Assert.Null(Of(0.5, isTargetOfHealthy: false, [.. Enumerable.Repeat(new AlarmCount(9_000, 9_000), 24)]).Extreme);
    }

    private static AlarmRate Of(double? target, bool isTargetOfHealthy, AlarmCount[] hours) => new(target, isTargetOfHealthy, hours, default);

    /// <summary>Alarms come at random, several at once if told so.</summary>
    private static AlarmRate Day(int seed, int readingsAnHour, double rate, int alarmsAtOnce)
    {
        var random = new Xoshiro256(seed, 3_000_000);
        var hours = new AlarmCount[24];
        for (var h = 0; h < hours.Length; h++)
        {
            var flagged = 0;
            for (var left = readingsAnHour * rate / alarmsAtOnce + Math.Log(1 - random.NextUniform()); left > 0; left += Math.Log(1 - random.NextUniform()))
            {
                flagged += alarmsAtOnce;
            }

            hours[h] = new AlarmCount(readingsAnHour, Math.Min(flagged, readingsAnHour));
        }

        return Of(Target, isTargetOfHealthy: true, hours);
    }
}

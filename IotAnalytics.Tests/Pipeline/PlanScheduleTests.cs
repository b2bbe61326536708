using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Pipeline;

public sealed class PlanScheduleTests
{
    private static readonly ScoringPlan Plan = new(1, 1, new ReadingRules(16, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5)), [ClimateProfile.Default], []);

    [Fact]
    public void Below_the_fast_offset_the_stored_plans_stay_in_force()
    {
        var schedule = new PlanSchedule([new PlanAssignment(0, "old", Plan), new PlanAssignment(50, "middle", Plan)], "new", Plan, fastOffset: 80);

        Assert.Equal(["old", "old", "middle", "middle", "new"], new[] { 0L, 49, 50, 79, 80 }.Select(o => schedule.At(o).PlanId));
        Assert.Equal([50, 80, long.MaxValue], new[] { 49L, 50, 80 }.Select(schedule.NextChange));
        Assert.Equal(80, schedule.Pending!.FromOffset);
    }

    [Fact]
    public void An_unchanged_plan_is_not_assigned_again()
    {
        var schedule = new PlanSchedule([new PlanAssignment(0, "same", Plan)], "same", Plan, fastOffset: 80);

        Assert.Null(schedule.Pending);
        Assert.Equal("same", schedule.At(1000).PlanId);
    }

    [Fact]
    public void A_plan_is_the_same_after_a_round_trip_through_its_text()
    {
        var text = Plan.ToJson();

        Assert.Equal(text, ScoringPlan.FromJson(text).ToJson());
        Assert.NotEqual(ScoringPlan.IdOf(text), ScoringPlan.IdOf((Plan with { ScorerVersion = 2 }).ToJson()));
    }
}

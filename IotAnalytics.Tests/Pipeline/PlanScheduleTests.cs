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
    public void A_plan_may_change_while_records_come()
    {
        var schedule = new PlanSchedule([new PlanAssignment(0, "one", Plan)], "one", Plan, fastOffset: 80);

        schedule.Change(90, "two", Plan);
        schedule.Change(120, "one", Plan);

        Assert.Equal(["one", "two", "two", "one"], new[] { 89L, 90, 119, 120 }.Select(o => schedule.At(o).PlanId));
        Assert.Equal(("one", 120L), (schedule.NewestPlanId, schedule.Pending!.FromOffset));
    }

    [Fact]
    public void A_plan_that_never_had_a_row_gives_way()
    {
        var schedule = new PlanSchedule([new PlanAssignment(0, "one", Plan)], "two", Plan, fastOffset: 80);

        schedule.Change(80, "three", Plan);

        Assert.Equal(["one", "three"], new[] { 79L, 80 }.Select(o => schedule.At(o).PlanId));
        Assert.Equal(80, schedule.NextChange(0));
    }

    [Fact]
    public void A_plan_without_a_shadow_has_the_text_that_it_had_before_there_were_shadows()
    {
        var alone = Plan with { Models = [new PlannedModel("climate", "1", "ab", 0.5)] };
        var shadowed = Plan with { Models = [new PlannedModel("climate", "1", "ab", 0.5, new PlannedShadow("2", "cd", 0.6, 0.25))] };

        Assert.EndsWith("\"models\":[{\"profile\":\"climate\",\"version\":\"1\",\"sha256\":\"ab\",\"threshold\":0.5}]}", alone.ToJson(), StringComparison.Ordinal);
        Assert.Equal(shadowed.Models.Single(), ScoringPlan.FromJson(shadowed.ToJson()).Models.Single());
        Assert.True(alone.DiffersInModelsOnly(shadowed));
        Assert.False(alone.DiffersInModelsOnly(shadowed with { Rules = new ReadingRules(17, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5)) }));
    }

    [Fact]
    public void A_plan_is_the_same_after_a_round_trip_through_its_text()
    {
        var text = Plan.ToJson();

        Assert.Equal(text, ScoringPlan.FromJson(text).ToJson());
        Assert.NotEqual(ScoringPlan.IdOf(text), ScoringPlan.IdOf((Plan with { ScorerVersion = 2 }).ToJson()));
    }
}

using IotAnalytics.Core.Modeling.Gate;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;

namespace IotAnalytics.Tests.Modeling.Gate;

public class InjectedFaultsTests
{
    [Fact]
    public void Every_place_has_every_kind_at_every_size_and_a_swap()
    {
        var period = GatePlant.Healthy(3, 1_000, seed: 1);
        var faults = InjectedFaults.Into(period, seed: 5);

        Assert.Equal(30, faults.Faults.Select(f => f.Place).Distinct().Count());
        Assert.All(faults.Faults.GroupBy(f => f.Place), place => Assert.Equal(10, place.Count()));
        Assert.Equal(faults.Features.Rows, faults.Faults.Sum(f => f.Rows));
        Assert.Equal(InjectedFaults.Into(period, seed: 5).Features.Columns[0], faults.Features.Columns[0]);
        Assert.NotEqual(InjectedFaults.Into(period, seed: 6).Features.Columns[0], faults.Features.Columns[0]);
    }

    [Fact]
    public void With_one_measurement_there_is_nothing_to_swap()
    {
        var faults = InjectedFaults.Into(OfOne(new FeatureDefinition("x", "temperature")), seed: 5);

        Assert.NotEmpty(faults.Faults);
        Assert.DoesNotContain(faults.Faults, f => f.Kind == InjectedFaultKind.Swap);
    }

    [Fact]
    public void Features_of_a_history_see_the_fault_come_and_stay()
    {
        // The change since the previous reading: a stuck value jumps once and then does not move.
        var period = OfOne(new FeatureDefinition("x", "delta(temperature)"));
        var faults = InjectedFaults.Into(period, seed: 5);
        var stuck = faults.Faults.First(f => f is { Kind: InjectedFaultKind.Stuck, Size: 8 });
        var course = faults.Features.Columns[0].AsSpan(stuck.First, stuck.Rows).ToArray();

        Assert.True(Math.Abs(course[0]) > 1, $"{course[0]}");
        Assert.All(course[1..], change => Assert.Equal(0, change));
    }

    private static ReplayedPeriod OfOne(FeatureDefinition feature)
    {
        var profile = SampleModels.Climate with { Measurements = [SampleModels.Climate.Measurements[0]], Features = [feature] };
        var chunks = GatePlant.Readings(2, 1_000, seed: 1, _ => 0).Select(c => new ReadingColumns
        {
            Rows = c.Rows,
            Sensors = c.Sensors,
            Sensor = c.Sensor,
            EventMs = c.EventMs,
            Values = [c.Values[0]],
            Flags = c.Flags,
            Score = c.Score,
            IsAnomaly = c.IsAnomaly,
            SourceId = c.SourceId,
            Partition = c.Partition,
            Offset = c.Offset,
            Item = c.Item,
        });
        return ReplayedPeriod.Of(new FeatureSet(profile, new ProfileCatalog([profile])), 1, [.. chunks], (_, _) => true);
    }
}

using System.Collections.Frozen;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Modeling.Training.Episodes;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Training;

/// <summary>What becomes of a model that is trained again and again, each time on the last days, each candidate the next champion.</summary>
public sealed class RetrainingTests
{
    private const int Trainings = 10;

    /// <summary>High enough that the flagged rows of a day are not chance.</summary>
    private const double Rate = 0.01;
    private const long Window = 2 * FleetReadings.Day;
    private const long Step = FleetReadings.Day;
    private const long End = FleetReadings.Start + (Trainings - 1) * Step + Window;

    private static readonly SensorProfile Profile = FleetReadings.Profile with { Detectors = [FleetReadings.Profile.Detectors[0] with { TargetAlarmRate = Rate }] };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_healthy_fleet_keeps_its_alarm_rate_over_ten_trainings()
    {
        var fleet = new FleetReadings(20, seed: 11);

        foreach (var (model, to) in Retrain(fleet))
        {
            Assert.InRange(fleet.AlarmRate(model, to, to + Step), Rate / 2, Rate * 2);
            Assert.InRange(Excluded(model), 0, 0.02);
        }
    }

    [Fact]
    public void A_fault_that_creeps_in_over_ten_trainings_never_becomes_normal()
    {
        // Eight standard deviations in eleven days; the bad sensor is the seventh.
        var fleet = new FleetReadings(20, seed: 12) { Shift = (s, at) => s == 7 ? 8.0 * Math.Max(0, at - FleetReadings.Start - FleetReadings.Day) / (End - FleetReadings.Start) : 0 };

        var models = Retrain(fleet).ToList();

        var (last, to) = models[^1];
        var before = fleet.AlarmRate(models[0].Model, to - FleetReadings.Day, to, sensor: 7);
        var after = fleet.AlarmRate(last, to - FleetReadings.Day, to, sensor: 7);
        Assert.InRange(before, 0.5, 1);
        Assert.InRange(after, before - 0.1, 1);
        Assert.InRange(fleet.AlarmRate(last, to - FleetReadings.Day, to, sensor: 8), 0, Rate * 4);
        Assert.All(models.Skip(4), m => Assert.Equal(FleetReadings.Id(7), Assert.Single(m.Model.Card.FaultEpisodes!.Select(e => e.SensorId).Distinct())));
        // What forgets the sensor's place learns the fault.
        Assert.InRange(fleet.AlarmRate(Train(fleet, to - Window, null, TrainingMemory()).Model, to - FleetReadings.Day, to, sensor: 7), 0, after / 2);
    }

    [Fact]
    public void A_season_that_moves_most_sensors_is_learned()
    {
        var fleet = new FleetReadings(20, seed: 13) { Shift = (s, at) => s == 7 ? 0 : 8.0 * (at - FleetReadings.Start) / (End - FleetReadings.Start) };

        foreach (var (model, to) in Retrain(fleet))
        {
            Assert.InRange(fleet.AlarmRate(model, to - FleetReadings.Day, to), 0, Rate * 2.5);
            Assert.InRange(Excluded(model), 0, 0.02);
        }
    }

    [Fact]
    public void A_sensor_that_fails_and_is_repaired_is_learned_from_before_and_after()
    {
        var (begin, end) = (FleetReadings.Start + 20 * FleetReadings.Hour, FleetReadings.Start + 30 * FleetReadings.Hour);
        var fleet = new FleetReadings(20, seed: 14) { Shift = (s, at) => s == 3 && at >= begin && at < end ? 6 : 0 };

        var model = Train(fleet, FleetReadings.Start, null, TrainingMemory()).Model;

        var episode = Assert.Single(model.Card.FaultEpisodes!);
        Assert.Equal(FleetReadings.Id(3), episode.SensorId);
        Assert.InRange(model.Card.Excluded!["fault_episode"], 10 * 30, 13 * 30);
    }

    [Fact]
    public void Of_three_sensors_none_is_said_to_be_the_bad_one()
    {
        var fleet = new FleetReadings(3, seed: 15) { Interval = _ => 20_000, Shift = (s, at) => s == 2 && at > FleetReadings.Start + FleetReadings.Day ? 6 : 0 };

        Assert.Empty(Train(fleet, FleetReadings.Start, null, TrainingMemory()).Model.Card.FaultEpisodes!);
    }

    [Fact]
    public void A_sensor_that_goes_wild_around_its_level_is_a_fault_to_the_champion()
    {
        var begin = FleetReadings.Start + Window;
        var fleet = new FleetReadings(20, seed: 16) { Shift = (s, at) => s == 5 && at >= begin ? (at / 120_000 % 2 * 2 - 1) * 8 : 0 };
        var first = Train(fleet, FleetReadings.Start, null, TrainingMemory());

        var second = Train(fleet, FleetReadings.Start + Step, first.Model, first.Memory);

        Assert.Equal(FleetReadings.Id(5), Assert.Single(second.Model.Card.FaultEpisodes!).SensorId);
    }

    [Fact]
    public void A_sensor_that_was_wild_from_the_first_reading_on_is_not_learned_from_until_people_say_that_it_is_usual()
    {
        var fleet = new FleetReadings(20, seed: 18) { Shift = (s, at) => s == 5 ? (at / 120_000 % 2 * 2 - 1) * 15 : 0 };
        var dismissed = fleet.Chunks(FleetReadings.Start, FleetReadings.Start + FleetReadings.Hour).SelectMany(c => Enumerable.Range(0, c.Rows)
            .Where(r => c.Sensors[c.Sensor[r]] == FleetReadings.Id(5)).Select(r => new ReadingIdentity(1, 0, c.Offset[r], c.Item[r])).ToList()).Take(3);

        var first = Train(fleet, FleetReadings.Start, null, TrainingMemory());
        var again = Train(fleet, FleetReadings.Start + Step, first.Model, first.Memory);
        var accepted = Train(fleet, FleetReadings.Start, null, TrainingMemory(), TrainingExclusions.None with { Dismissed = dismissed.ToFrozenSet() });
        var later = Train(fleet, FleetReadings.Start + Step, accepted.Model, LevelMemory.Read(accepted.Memory.ToJson()));

        var episode = Assert.Single(first.Model.Card.FaultEpisodes!);
        Assert.Equal((FleetReadings.Id(5), 0.05), (episode.SensorId, Math.Round(Excluded(first.Model), 3)));
        Assert.Equal(FleetReadings.Id(5), Assert.Single(again.Model.Card.FaultEpisodes!).SensorId);
        Assert.Empty(accepted.Model.Card.FaultEpisodes!);
        Assert.Empty(later.Model.Card.FaultEpisodes!);
    }

    [Fact]
    public void Where_people_dismiss_its_anomalies_a_sensor_has_its_place()
    {
        var begin = FleetReadings.Start + Window;
        var fleet = new FleetReadings(20, seed: 17) { Shift = (s, at) => s == 5 && at >= begin ? 6 : 0 };
        var first = Train(fleet, FleetReadings.Start, null, TrainingMemory());
        var dismissed = fleet.Chunks(begin - Step, begin + Step).SelectMany(c => Enumerable.Range(0, c.Rows)
            .Where(r => c.Sensors[c.Sensor[r]] == FleetReadings.Id(5) && c.EventMs[r] >= begin).Select(r => new ReadingIdentity(1, 0, c.Offset[r], c.Item[r])).ToList()).Take(3);

        var fault = Train(fleet, begin - Step, first.Model, first.Memory);
        var accepted = Train(fleet, begin - Step, first.Model, first.Memory, TrainingExclusions.None with { Dismissed = dismissed.ToFrozenSet() });
        var later = Train(fleet, begin, accepted.Model, accepted.Memory);

        Assert.Equal(FleetReadings.Id(5), Assert.Single(fault.Model.Card.FaultEpisodes!).SensorId);
        Assert.Empty(accepted.Model.Card.FaultEpisodes!);
        Assert.Empty(later.Model.Card.FaultEpisodes!);
    }

    [Fact]
    public void A_sensor_that_joins_at_a_level_of_its_own_is_learned()
    {
        var joins = FleetReadings.Start + Window + 6 * FleetReadings.Hour;
        var fleet = new FleetReadings(20, seed: 18) { Shift = (s, _) => s == 19 ? 7 : 0 };
        ModelSnapshot? champion = null;
        var memory = TrainingMemory();
        for (var i = 0; i < 5; i++)
        {
            var from = FleetReadings.Start + i * Step;
            var there = FleetReadings.Chunks(fleet.Readings(from, from + Window).Where(r => r.Sensor != 19 || r.EventMs >= joins), 8_192);
            (champion, memory) = Train(there, from, champion, memory);
            Assert.Empty(champion.Card.FaultEpisodes!);
        }

        Assert.InRange(fleet.AlarmRate(champion!, joins, joins + FleetReadings.Day, sensor: 19), 0, 0.25);
    }

    private static LevelMemory TrainingMemory() => LevelMemory.Empty([.. FleetReadings.Profile.Measurements.Select(m => m.Name)]);

    private static double Excluded(ModelSnapshot model) => model.Card.Excluded!.GetValueOrDefault("fault_episode") / model.Card.Evaluation["readings"];

    private static IEnumerable<(ModelSnapshot Model, long To)> Retrain(FleetReadings fleet)
    {
        ModelSnapshot? champion = null;
        var memory = TrainingMemory();
        for (var i = 0; i < Trainings; i++)
        {
            var from = FleetReadings.Start + i * Step;
            var candidate = Train(fleet, from, champion, memory);
            // As the store keeps it.
            (champion, memory) = (candidate.Model, LevelMemory.Read(candidate.Memory.ToJson()));
            yield return (champion, from + Window);
        }
    }

    private static TrainedCandidate Train(FleetReadings fleet, long from, ModelSnapshot? champion, LevelMemory memory, TrainingExclusions? exclusions = null) =>
        Train(fleet.Chunks(from, from + Window), from, champion, memory, exclusions);

    private static TrainedCandidate Train(
        IEnumerable<ReadingColumns> readings, long from, ModelSnapshot? champion, LevelMemory memory, TrainingExclusions? exclusions = null)
    {
        var trainer = new CandidateTrainer(new CandidateRequest(Profile, from, from + Window, 1, exclusions ?? TrainingExclusions.None, champion, memory));
        foreach (var chunk in readings)
        {
            trainer.Add(chunk);
        }

        return trainer.Finish(Token);
    }
}

using System.Collections.Frozen;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Modeling.Training.Episodes;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Training;

public sealed class CandidateTrainerTests
{
    private const long From = FleetReadings.Start;
    private const long To = From + 2 * FleetReadings.Day;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void The_same_readings_and_seed_give_the_same_file_however_they_were_stored()
    {
        var readings = new FleetReadings(20, seed: 1).Readings(From, To).ToList();
        var expected = File(Train(FleetReadings.Chunks(readings, 8_192)));

        Assert.Equal(expected, File(Train(FleetReadings.Chunks(readings, 1_000))));
        // Other partitions: each sensor's readings in their order, the sensors otherwise mixed.
        Assert.Equal(expected, File(Train(FleetReadings.Chunks(readings.OrderBy(r => r.Sensor % 3).ThenBy(r => -r.Sensor % 2), 8_192))));
        Assert.NotEqual(expected, File(Train(FleetReadings.Chunks(readings, 8_192), seed: 2)));
    }

    [Fact]
    public void The_alarm_rate_is_one_of_readings_and_yet_no_sensor_owns_the_model()
    {
        // One sensor, far from the others, sends half of all readings.
        var fleet = new FleetReadings(21, seed: 3) { Interval = s => s == 0 ? 6_000 : 120_000, Shift = (s, _) => s == 0 ? 14 : 0, DayAmplitude = 1 };

        var model = Train(fleet.Chunks(From, To));

        Assert.InRange(fleet.AlarmRate(model, To, To + 2 * FleetReadings.Day), 0.0005, 0.002);
        // Were the rows drawn evenly, the median would lie half-way to the chatty sensor.
        Assert.InRange(model.FeatureMedians[1], 20f, 22f);
    }

    [Fact]
    public void A_value_that_no_sensor_ever_had_is_flagged_although_all_others_are_usual()
    {
        var fleet = new FleetReadings(20, seed: 5);
        var model = Train(fleet.Chunks(From, To));
        var usual = fleet.Readings(To, To + FleetReadings.Day).ToList();

        // The warmest reading of the training has about 24 degrees.
        var flagged = FlaggedShare(model, [.. usual.Select(r => ((float)r.Humidity, (float)(r.Temperature + 40)))]);

        Assert.InRange(flagged, 0.9, 1);
        Assert.InRange(FlaggedShare(model, [.. usual.Select(r => ((float)r.Humidity, (float)r.Temperature))]), 0, 0.003);
        Assert.Equal(Math.Ceiling(BackgroundRows.Share * model.Card.TrainingRows), model.Card.Parameters["background_rows"]);
    }

    private static double FlaggedShare(ModelSnapshot model, (float Humidity, float Temperature)[] rows)
    {
        var scores = new double[rows.Length];
        model.Detector.Score([[.. rows.Select(r => r.Humidity)], [.. rows.Select(r => r.Temperature)]], rows.Length, scores);
        return (double)scores.Count(s => s > model.Threshold) / rows.Length;
    }

    [Fact]
    public void The_card_says_what_the_values_of_each_feature_were()
    {
        var model = Train(new FleetReadings(20, seed: 1).Chunks(From, To));
        var read = ModelFile.Read(ModelFile.Write(ModelFile.Seal(model)));

        Assert.All(read.Card.Features, feature =>
        {
            Assert.Equal(9, feature.Bins!.Edges.Length);
            Assert.All(feature.Bins.Shares, share => Assert.Equal(0.1, share, 0.01));
            Assert.Equal(feature.Median, feature.Bins.Edges[4], 0.5);
        });
    }

    [Fact]
    public void A_chatty_sensor_has_no_more_rows_to_grow_from_than_any_other()
    {
        var fleet = new FleetReadings(5, seed: 4) { Interval = s => s == 0 ? 1_000 : 60_000 };
        var sample = new RowSample(capacity: 500, features: 2, measurements: 0);
        for (var s = 0; s < 5; s++)
        {
            sample.AddGroup((ulong)s);
        }

        Fill(sample, fleet);

        Assert.Equal(100, sample.Take(Ids(5), (s, _) => s == 0).Features.Rows);
        Assert.Equal(500, sample.Take(Ids(5), (_, _) => true).Features.Rows);
    }

    [Fact]
    public void However_many_sensors_there_are_the_sample_stays_within_its_places()
    {
        var sample = new RowSample(capacity: 100, features: 2, measurements: 0);
        var fleet = new FleetReadings(1_000, seed: 5) { Interval = _ => FleetReadings.Hour };
        var random = new Random(6);
        for (var s = 0; s < 1_000; s++)
        {
            sample.AddGroup((ulong)random.NextInt64());
        }

        Fill(sample, fleet);

        Assert.InRange(sample.Take(Ids(1_000), (_, _) => true).Features.Rows, 30, 100);
    }

    [Fact]
    public void Too_few_readings_are_refused_with_the_numbers()
    {
        var fleet = new FleetReadings(5, seed: 7);

        var refused = Assert.Throws<TrainingException>(() => Train(fleet.Chunks(From, To)));

        Assert.Contains("0.001 needs 10000 reference rows", refused.Message, StringComparison.Ordinal);
        Assert.Contains("7200 readings", refused.Message, StringComparison.Ordinal);
        var rare = FleetReadings.Profile with { Detectors = [FleetReadings.Profile.Detectors[0] with { TargetAlarmRate = 0.00001 }] };
        Assert.Contains("keeps 100000", Assert.Throws<TrainingException>(() => Train(fleet.Chunks(From, To), profile: rare)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_learned_from_what_people_have_excluded()
    {
        // A third of the fleet reads nonsense for half of the time.
        var fleet = new FleetReadings(21, seed: 8) { Shift = (s, at) => s < 7 && at < From + FleetReadings.Day ? 40 : 0 };
        var bad = FleetReadings.Chunks(fleet.Readings(From, To), 8_192).SelectMany(c => Enumerable.Range(0, c.Rows)
            .Where(r => string.CompareOrdinal(c.Sensors[c.Sensor[r]], FleetReadings.Id(7)) < 0 && c.EventMs[r] < From + FleetReadings.Day)
            .Select(r => new ReadingIdentity(c.SourceId, c.Partition, c.Offset[r], c.Item[r])).ToList()).ToFrozenSet();
        var asConfirmed = TrainingExclusions.None with { Confirmed = bad };
        var asPeriods = TrainingExclusions.None with { Periods = [.. Enumerable.Range(0, 7).Select(s => new ExcludedPeriod(FleetReadings.Id(s), From, From + FleetReadings.Day))] };

        var naive = Train(fleet.Chunks(From, To));
        var confirmed = Train(fleet.Chunks(From, To), exclusions: asConfirmed);
        var periods = Train(fleet.Chunks(From, To), exclusions: asPeriods);

        Assert.InRange(fleet.AlarmRate(naive, From, From + FleetReadings.Day, sensor: 3), 0, 0.1);
        Assert.InRange(fleet.AlarmRate(confirmed, From, From + FleetReadings.Day, sensor: 3), 0.99, 1);
        Assert.Equal(bad.Count, confirmed.Card.Excluded!["confirmed"]);
        Assert.Equal(bad.Count, periods.Card.Excluded!["period"]);
        Assert.Equal(confirmed.Threshold, periods.Threshold);
    }

    [Theory]
    [InlineData("Recommended")]
    [InlineData("Pca")]
    [InlineData("Mewma")]
    public void Every_kind_of_detector_keeps_the_alarm_rate(string kind)
    {
        var residuals = new[] { new FeatureDefinition("h", "residual(humidity, 200, 0)"), new FeatureDefinition("t", "residual(temperature, 200, 0)") };
        var detector = FleetReadings.Profile.Detectors[0] with { Kind = kind, Trees = 20, Features = kind == "Mewma" ? ["h", "t"] : [] };
        var profile = FleetReadings.Profile with { Features = kind == "Mewma" ? [.. FleetReadings.Profile.Features, .. residuals] : FleetReadings.Profile.Features, Detectors = [detector] };
        var fleet = new FleetReadings(21, seed: 9);

        var model = Train(fleet.Chunks(From, To), profile: profile);

        Assert.InRange(model.Card.Evaluation["reference_alarm_rate"], 0.0007, 0.001);
        Assert.Equal(ModelFile.Write(ModelFile.Seal(model)), ModelFile.Write(ModelFile.Read(ModelFile.Write(ModelFile.Seal(model)))));
        Assert.Equal(kind == "Mewma" ? 21 * 200 : 0, model.Card.Excluded!.GetValueOrDefault("warming_up"));
    }

    private static string[] Ids(int count) => [.. Enumerable.Range(0, count).Select(FleetReadings.Id)];

    private static byte[] File(ModelSnapshot model) => ModelFile.Write(ModelFile.Seal(model));

    private static void Fill(RowSample sample, FleetReadings fleet)
    {
        var random = new Random(1);
        var features = new SensorFeatures(FleetReadings.Profile);
        foreach (var chunk in fleet.Chunks(From, From + 3 * FleetReadings.Hour))
        {
            var table = features.Compute(chunk);
            for (var r = 0; r < chunk.Rows; r++)
            {
                sample.Offer(chunk.Sensor[r], (ulong)random.NextInt64(), chunk, table, r, r);
            }
        }
    }

    private static ModelSnapshot Train(IEnumerable<ReadingColumns> chunks, long seed = 1, SensorProfile? profile = null, TrainingExclusions? exclusions = null)
    {
        var trainer = new CandidateTrainer(new CandidateRequest(profile ?? FleetReadings.Profile, From, To, seed, exclusions ?? TrainingExclusions.None, null, LevelMemory.Empty([])));
        foreach (var chunk in chunks)
        {
            trainer.Add(chunk);
        }

        return trainer.Finish(Token).Model;
    }
}

using System.Globalization;
using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Pipeline;

public sealed class ShadowScoringTests
{
    private const long Start = 1_767_225_600_000; // 2026-01-01T00:00:00Z
    private const int Sensors = 60;
    private static readonly ModelSnapshot Champion = BootstrapTrainer.Train(ClimateProfile.Default, seed: 1, "1");
    private static readonly ModelSnapshot Shadow = BootstrapTrainer.Train(ClimateProfile.Default, seed: 2, "2") with { Threshold = 0.55, FeatureMedians = [27, 68, 0.4f] };
    private static readonly ScoringPlan Plan = new(1, 1, new ReadingRules(16, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5)), [ClimateProfile.Default], []);

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(0.5)]
    public void Every_row_gets_what_its_model_alone_would_have_given_and_both_are_counted(double share)
    {
        using var records = Records();
        var (champion, _) = Score(records, Champion, shadow: null);
        var (shadow, _) = Score(records, Shadow, shadow: null);
        var (both, sensors) = Score(records, Champion, new ShadowModel(Shadow, share));
        var shadowRows = 0;
        for (var row = 0; row < both.RowCount; row++)
        {
            var byShadow = SensorSplit.PlaceOf(both.SensorId(row)) < share;
            var (decides, other) = byShadow ? (shadow, champion) : (champion, shadow);
            Assert.Equal(decides.Score[row], both.Score[row]);
            Assert.Equal(decides.Outcome[row], both.Outcome[row]);
            Assert.Equal(decides.Flags[row], both.Flags[row]);
            if (both.Outcome[row] == RowOutcome.Anomaly)
            {
                var detail = both.Anomalies.Single(a => a.Row == row);
                Assert.Equal(decides.Anomalies.Single(a => a.Row == row) with { OtherVersion = byShadow ? "1" : "2", IsOtherAnomaly = other.Outcome[row] == RowOutcome.Anomaly }, detail);
            }

            var isScoredByShadow = byShadow && !double.IsNaN(both.Score[row]);
            shadowRows += isScoredByShadow ? 1 : 0;
            Assert.Equal(isScoredByShadow, both.ShadowDecided.Exists(d => d.Row == row && d.Version == "2"));
        }

        Assert.Equal(Sensors, sensors.Count);
        Assert.Equal(share > 0, shadowRows > 0);
        Assert.Equal([Start / 60_000, (Start / 60_000) + 1], both.Paired.Select(m => m.Minute));
        var rows = Enumerable.Range(0, both.RowCount).Where(r => !double.IsNaN(both.Score[r])).ToList();
        Assert.True(rows.Count < both.RowCount, "some readings lack too much");
        Assert.Equal(rows.Count, both.Paired.Sum(m => m.Rows));
        Assert.Equal(Count(true, true), both.Paired.Sum(m => m.Both));
        Assert.Equal(Count(true, false), both.Paired.Sum(m => m.ChampionOnly));
        Assert.Equal(Count(false, true), both.Paired.Sum(m => m.ShadowOnly));
        Assert.True(Count(true, true) > 0 && Count(false, true) > 0, "the models differ and agree");

        int Count(bool byChampion, bool byShadow) =>
            rows.Count(r => champion.Outcome[r] == RowOutcome.Anomaly == byChampion && shadow.Outcome[r] == RowOutcome.Anomaly == byShadow);
    }

    [Fact]
    public void The_share_of_a_split_is_met_within_what_chance_allows_and_a_larger_one_keeps_its_sensors()
    {
        var places = Enumerable.Range(0, 10_000).Select(i => SensorSplit.PlaceOf(Encoding.ASCII.GetBytes($"sensor_{i:000}"))).ToList();

        foreach (var share in new[] { 0.05, 0.1, 0.25, 0.5 })
        {
            Assert.InRange(places.Count(p => p < share), (share * 10_000) - 200, (share * 10_000) + 200);
        }

        // Frozen: another hash would move sensors from one side to the other within a stored plan.
        Assert.Equal(0.53408, SensorSplit.PlaceOf("sensor_001"u8), 5);
    }

    [Fact]
    public void The_split_has_nothing_to_do_with_the_partition_of_a_sensor()
    {
        var ids = Enumerable.Range(0, 8_000).Select(i => Encoding.ASCII.GetBytes($"s{i}")).ToList();

        foreach (var partition in ids.GroupBy(id => Partitioner.Murmur2(id, 4)))
        {
            Assert.InRange(partition.Count(id => SensorSplit.PlaceOf(id) < 0.5) / (double)partition.Count(), 0.45, 0.55);
        }
    }

    [Fact]
    public void Another_model_takes_over_the_batch_and_scores_from_the_next_rows_on()
    {
        using var records = Records();
        var sensors = new SensorTable(new ProfileCatalog(Plan.Profiles));
        var pipeline = new MicroBatchPipeline("one", Plan, Models(Champion, null), maxRows: 8_192);
        pipeline.Parse(records, 0, long.MaxValue);
        pipeline.Validate(sensors);

        var next = pipeline.With("two", Plan, Models(Shadow, null));
        next.Score(sensors);

        Assert.Same(pipeline.Batch, next.Batch);
        Assert.Equal(("two", "2"), (next.PlanId, next.ModelVersions.Single()));
        Assert.Equal(Score(records, Shadow, null).Batch.Score.Take(next.Batch.RowCount), next.Batch.Score.Take(next.Batch.RowCount));
    }

    private static (MicroBatch Batch, SensorTable Sensors) Score(RecordBatch records, ModelSnapshot champion, ShadowModel? shadow)
    {
        var pipeline = new MicroBatchPipeline("plan", Plan, Models(champion, shadow), maxRows: 8_192);
        var sensors = new SensorTable(pipeline.Catalog);
        pipeline.Parse(records, 0, long.MaxValue);
        pipeline.Validate(sensors);
        pipeline.Score(sensors);
        return (pipeline.Batch, sensors);
    }

    private static PlannedModels Models(ModelSnapshot champion, ShadowModel? shadow) => new(
        new Dictionary<string, ModelSnapshot> { ["climate"] = champion }, shadow is null ? [] : new Dictionary<string, ShadowModel> { ["climate"] = shadow });

    /// <summary>Two minutes of record time; some readings lack a measurement, some both.</summary>
    private static RecordBatch Records()
    {
        var (records, random) = (new RecordBatch(), new Random(7));
        for (var record = 0; record < 40; record++)
        {
            var body = new StringBuilder();
            for (var sensor = 0; sensor < Sensors; sensor++)
            {
                var isHot = random.Next(12) == 0;
                var temperature = isHot ? random.Next(80, 120) : random.Next(10, 35);
                var measurements = random.Next(15) switch
                {
                    0 => string.Create(CultureInfo.InvariantCulture, $"\"temperature\":{temperature},\"humidity\":null"),
                    1 => "\"temperature\":null,\"humidity\":null",
                    _ => string.Create(CultureInfo.InvariantCulture, $"\"temperature\":{temperature},\"humidity\":{(isHot ? random.Next(20) : random.Next(30, 80))}"),
                };
                body.Append(CultureInfo.InvariantCulture, $"{{\"sensor_id\":\"s{sensor}\",\"timestamp\":{Start + (record * 2_000)},{(record == 0 ? "\"temperature\":22,\"humidity\":50" : measurements)}}}\n");
            }

            var bytes = Encoding.UTF8.GetBytes(body.ToString());
            bytes.CopyTo(records.Add(record, Start + (record * 2_000), bytes.Length, [], headers: null));
        }

        return records;
    }
}

using System.Buffers;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;

namespace IotAnalytics.Tests.Simulation;

public class SensorSimulatorTests
{
    private const long Start = 1_767_225_600_000; // 2026-01-01T00:00:00Z

    private static readonly SensorProfile Climate = new(
        "climate",
        TimeSpan.FromSeconds(10),
        [
            new MeasurementDefinition("temperature", "Cel", -50, 200, new ValueBand(18, 28), new ValueBand(80, 120)),
            new MeasurementDefinition("humidity", "%", 0, 100, new ValueBand(40, 70), new ValueBand(0, 20)),
        ],
        [new FeatureDefinition("temperature", "temperature")],
        [new DetectorDefinition("IsolationForest", 100, 256, 0.1, 0.001)]);

    [Fact]
    public void A_reading_is_the_documented_line()
    {
        var (text, truth) = Run(new SimulationOptions { AnomalyRate = 0 }, 6, 400);

        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches("""^\{"sensor_id":"sensor_001","timestamp":"2026-01-01T00:00:00\.000Z","temperature":\d\d\.\d\d,"humidity":\d\d\.\d\d\}$""", lines[0]);
        Assert.StartsWith("""{"sensor_id":"sensor_005","timestamp":"2026-01-01T00:00:01.600Z",""", lines[4], StringComparison.Ordinal);
        Assert.StartsWith("""{"sensor_id":"sensor_001","timestamp":"2026-01-01T00:00:02.000Z",""", lines[5], StringComparison.Ordinal);
        Assert.Equal(["sensor_001", "sensor_002", "sensor_003", "sensor_004", "sensor_005", "sensor_001"], truth.Select(t => t.SensorId));
    }

    [Theory]
    [InlineData(SimulationMode.Independent)]
    [InlineData(SimulationMode.Realistic)]
    internal void The_same_seed_gives_the_same_bytes_and_another_seed_others(SimulationMode mode)
    {
        var options = new SimulationOptions { Sensors = 7, Mode = mode, AnomalyRate = 0.2, Seed = 42 };

        var first = Run(options, 1_000, 400).Text;

        Assert.Equal(first, Run(options, 1_000, 400).Text);
        Assert.NotEqual(first, Run(options with { Seed = 43 }, 1_000, 400).Text);
    }

    [Fact]
    public void Batches_of_any_size_give_the_same_stream()
    {
        var options = new SimulationOptions { Sensors = 7, Mode = SimulationMode.Realistic, AnomalyRate = 0.2 };
        var whole = Run(options, 100, 10).Text;
        var simulator = new SensorSimulator(Climate, options);
        var parts = new ArrayBufferWriter<byte>();

        for (var done = 0; done < 100; done += 20)
        {
            simulator.NextBatch(20, Start + done * 10, 10, parts, truth: null);
        }

        Assert.Equal(whole, Encoding.UTF8.GetString(parts.WrittenSpan));
    }

    [Theory]
    [InlineData(SimulationMode.Independent)]
    [InlineData(SimulationMode.Realistic)]
    internal void A_divided_fleet_behaves_as_the_whole_one(SimulationMode mode)
    {
        var options = new SimulationOptions { Sensors = 4, Mode = mode, AnomalyRate = 0.2 };

        var whole = Run(options, 400, 2_500).Truth.Where(t => t.SensorId == "sensor_003").ToList();
        var part = Run(options with { Sensors = 1, FirstSensor = 3 }, 100, 10_000, Start + 5_000).Truth;

        Assert.Equal(whole.Select(t => (t.EventMs, t.Fault)), part.Select(t => (t.EventMs, t.Fault)));
        Assert.Equal(whole.SelectMany(t => t.Values), part.SelectMany(t => t.Values));
    }

    [Fact]
    public void Independent_readings_are_anomalous_at_the_rate_and_stay_in_their_bands()
    {
        var (_, truth) = Run(new SimulationOptions { AnomalyRate = 0.1 }, 50_000, 400);

        var anomalous = truth.Where(t => t.Fault == FaultKind.Anomalous).ToList();
        Assert.InRange(anomalous.Count / 50_000.0, 0.095, 0.105);
        Assert.All(anomalous, t => AssertWithin(t, 80, 120, 0, 20));
        Assert.All(truth.Where(t => t.Fault == FaultKind.None), t => AssertWithin(t, 18, 28, 40, 70));
        Assert.InRange(truth.Where(t => t.Fault == FaultKind.None).Average(t => t.Values[0]), 22.9, 23.1);
    }

    [Fact]
    public void Realistic_faults_cover_the_anomaly_rate_and_healthy_readings_stay_normal()
    {
        var (_, truth) = Run(new SimulationOptions { Sensors = 50, Mode = SimulationMode.Realistic, AnomalyRate = 0.05 }, 300_000, 200);

        Assert.InRange(truth.Count(t => t.Fault != FaultKind.None) / 300_000.0, 0.045, 0.055);
        Assert.All(Enum.GetValues<FaultKind>().Where(f => f != FaultKind.Anomalous), f => Assert.Contains(truth, t => t.Fault == f));
        Assert.All(truth.Where(t => t.Fault == FaultKind.None), t => AssertWithin(t, 18, 28, 40, 70));
    }

    [Fact]
    public void A_healthy_realistic_sensor_follows_a_day_and_never_sticks()
    {
        var (_, truth) = Run(new SimulationOptions { Sensors = 1, Mode = SimulationMode.Realistic, AnomalyRate = 0 }, 8_640, 10_000);

        var temperature = truth.Select(t => t.Values[0]).ToArray();
        Assert.True(temperature.Skip(1_800).Take(720).Average() - temperature.Skip(6_120).Take(720).Average() > 3, "no daily cycle");
        Assert.True(LongestRun(truth) < 5, "a healthy value sticks");
        var steps = temperature.Zip(temperature.Skip(1), (a, b) => Math.Abs(b - a));
        Assert.True(steps.Max() < 1, "healthy noise jumps");
    }

    [Fact]
    public void A_stuck_sensor_repeats_its_last_values()
    {
        var episode = Episodes(FaultKind.Stuck).First(e => e.Before is { Fault: FaultKind.None });

        Assert.Equal(FaultEpisodes.StuckReadings, episode.Rows.Count);
        Assert.All(episode.Rows, row => Assert.Equal(episode.Before!.Values, row.Values));
    }

    [Fact]
    public void A_drift_grows_until_the_middle_of_the_anomalous_band()
    {
        var (_, rows) = Episodes(FaultKind.Drift).First();

        Assert.Equal(FaultEpisodes.DriftReadings, rows.Count);
        var moving = Math.Abs(rows[^1].Values[0] - 23) > 20 ? 0 : 1;
        var (middle, end) = moving == 0 ? (23.0, 100.0) : (55.0, 10.0);
        var distance = rows.Select(r => (r.Values[moving] - middle) / (end - middle)).ToArray();
        Assert.InRange(distance[^1], 0.6, 1.4);
        var thirds = distance.Chunk(20).Select(c => c.Average()).ToArray();
        Assert.True(thirds[0] + 0.2 < thirds[1] && thirds[1] + 0.2 < thirds[2], "does not grow");
        AssertWithin(moving == 0 ? rows[^1].Values[1] : rows[^1].Values[0], moving == 0 ? (40, 70) : (18, 28));
    }

    [Fact]
    public void A_spike_is_one_reading_with_one_measurement_in_its_anomalous_band()
    {
        var (_, rows) = Episodes(FaultKind.Spike).First();

        var spike = Assert.Single(rows);
        var hot = spike.Values[0] is >= 80 and <= 120;
        var dry = spike.Values[1] is >= 0 and <= 20;
        Assert.True(hot ^ dry);
    }

    [Fact]
    public void A_dropout_leaves_a_gap_in_the_payload_and_is_in_the_truth()
    {
        var options = new SimulationOptions { Sensors = 1, Mode = SimulationMode.Realistic, AnomalyRate = 0.2 };
        var (text, truth) = Run(options, 5_000, 10_000);

        var missing = truth.Where(t => t.Fault == FaultKind.Dropout).Select(t => t.EventMs).ToHashSet();
        var sent = Lines(text).Select(l => l.EventMs).ToList();
        Assert.NotEmpty(missing);
        Assert.Empty(sent.Intersect(missing));
        Assert.Equal(5_000, sent.Count + missing.Count);
        Assert.Contains(sent.Zip(sent.Skip(1), (a, b) => b - a), gap => gap == (FaultEpisodes.DropoutReadings + 1) * 10_000);
    }

    [Fact]
    public void The_truth_carries_the_values_of_the_payload_and_the_payload_nothing_of_the_truth()
    {
        var (text, truth) = Run(new SimulationOptions { Sensors = 3, Mode = SimulationMode.Realistic, AnomalyRate = 0.3 }, 3_000, 1_000);

        var expected = truth.Where(t => t.Fault != FaultKind.Dropout).Select(t => (t.SensorId, t.EventMs, t.Values[0], t.Values[1]));
        Assert.Equal(expected, Lines(text));
        Assert.All(
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Equal(["sensor_id", "timestamp", "temperature", "humidity"], JsonDocument.Parse(line).RootElement.EnumerateObject().Select(p => p.Name)));
    }

    [Fact]
    public void A_profile_without_bands_draws_from_its_physical_range()
    {
        var pump = Climate with { Measurements = [new MeasurementDefinition("pressure", "Pa", -300_000, 0, Normal: null, Anomalous: null)] };
        var buffer = new ArrayBufferWriter<byte>();
        var truth = new List<TruthRow>();

        new SensorSimulator(pump, new SimulationOptions { AnomalyRate = 0.5 }).NextBatch(1_000, Start, 10, buffer, truth);

        Assert.All(truth, t => AssertWithin(t.Values[0], t.Fault == FaultKind.None ? (-200_000, -100_000) : (-30_000, 0)));
        Assert.Contains("\"pressure\":-1", Encoding.UTF8.GetString(buffer.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_truth_a_batch_allocates_nothing()
    {
        var simulator = new SensorSimulator(Climate, new SimulationOptions { Sensors = 100, Mode = SimulationMode.Realistic });
        var buffer = new ArrayBufferWriter<byte>(1 << 20);
        simulator.NextBatch(1_000, Start, 10, buffer, truth: null);
        buffer.ResetWrittenCount();

        var before = GC.GetAllocatedBytesForCurrentThread();
        simulator.NextBatch(1_000, Start + 10_000, 10, buffer, truth: null);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static (string Text, List<TruthRow> Truth) Run(SimulationOptions options, int count, double stepMs, double first = Start)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var truth = new List<TruthRow>();
        var written = new SensorSimulator(Climate, options).NextBatch(count, first, stepMs, buffer, truth);
        Assert.Equal(count, truth.Count);
        Assert.Equal(written, truth.Count(t => t.Fault != FaultKind.Dropout));
        return (Encoding.UTF8.GetString(buffer.WrittenSpan), truth);
    }

    private static IEnumerable<(string SensorId, long EventMs, double Temperature, double Humidity)> Lines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).Select(e => (
            e.GetProperty("sensor_id").GetString()!,
            e.GetProperty("timestamp").GetDateTimeOffset().ToUnixTimeMilliseconds(),
            e.GetProperty("temperature").GetDouble(),
            e.GetProperty("humidity").GetDouble()));

    /// <summary>Whole episodes of one sensor with the row before each.</summary>
    private static List<(TruthRow? Before, List<TruthRow> Rows)> Episodes(FaultKind fault)
    {
        var (_, truth) = Run(new SimulationOptions { Sensors = 1, Mode = SimulationMode.Realistic, AnomalyRate = 0.1, Seed = 3 }, 20_000, 10_000);
        var episodes = new List<(TruthRow?, List<TruthRow>)>();
        for (var i = 0; i < truth.Count;)
        {
            var rows = truth.Skip(i).TakeWhile(t => t.Fault == truth[i].Fault).ToList();
            if (truth[i].Fault == fault)
            {
                episodes.Add((i == 0 ? null : truth[i - 1], rows));
            }

            i += rows.Count;
        }

        return episodes;
    }

    private static int LongestRun(List<TruthRow> rows)
    {
        var (longest, run) = (1, 1);
        for (var i = 1; i < rows.Count; i++)
        {
            run = rows[i].Values.SequenceEqual(rows[i - 1].Values) ? run + 1 : 1;
            longest = Math.Max(longest, run);
        }

        return longest;
    }

    private static void AssertWithin(TruthRow row, double temperatureLow, double temperatureHigh, double humidityLow, double humidityHigh)
    {
        AssertWithin(row.Values[0], (temperatureLow, temperatureHigh));
        AssertWithin(row.Values[1], (humidityLow, humidityHigh));
    }

    private static void AssertWithin(double value, (double Low, double High) band) => Assert.InRange(value, band.Low, band.High);
}

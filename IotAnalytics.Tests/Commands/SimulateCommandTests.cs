using System.Text.Json;
using IotAnalytics.Tests.Simulation.Targets;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Tests.Commands;

public sealed class SimulateCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-simulate-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task As_fast_as_it_goes_every_reading_arrives_in_order_and_the_truth_matches()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        var truthFile = Path.Combine(_folder, "truth.ndjson");
        var before = TimeProvider.System.GetUtcNow();

        var (exitCode, output, _) = await CommandRun.RunAsync(
            SimulateCommand.Create(), "--sensors", "10", "--rate", "0", "--count", "20000", "--batch", "500", "--anomaly-rate", "0.1",
            "--truth", truthFile, "--target", host.Address);

        Assert.Equal(0, exitCode);
        var sent = host.Readings.Select(Parse).ToList();
        var truth = (await File.ReadAllLinesAsync(truthFile, TestContext.Current.CancellationToken)).Select(Parse).ToList();
        Assert.Equal(20_000, truth.Count);
        Assert.Equal(truth.Where(t => t.Fault != "dropout").Select(t => (t.Sensor, t.Time)).Order(), sent.Select(s => (s.Sensor, s.Time)).Order());
        Assert.Contains(truth, t => t.Fault == "stuck");
        Assert.All(sent.GroupBy(s => s.Sensor), g => Assert.Equal(g.Select(s => s.Time).Order(), g.Select(s => s.Time)));
        Assert.Matches($"Accepted +{sent.Count:N0}\\b", output);

        // 2,000 readings of each sensor at the profile's ten seconds, ending now.
        var one = sent.Where(s => s.Sensor == "sensor_007").Select(s => s.Time).ToList();
        Assert.Contains(one.Zip(one.Skip(1), (a, b) => b - a), gap => gap == TimeSpan.FromSeconds(10));
        Assert.InRange(sent.Max(s => s.Time), before.AddSeconds(-10), before.AddMinutes(1));
        Assert.InRange(sent.Min(s => s.Time), before.AddSeconds(-20_010), before.AddSeconds(-19_000));
    }

    [Fact]
    public async Task The_payload_holds_nothing_but_the_profile_s_measurements()
    {
        await using var host = await FakeReadingsHost.StartAsync();

        await CommandRun.RunAsync(SimulateCommand.Create(), "--rate", "0", "--seconds", "100", "--anomaly-rate", "0.5", "--independent", "--target", host.Address);

        Assert.Equal(50, host.Readings.Count); // 5 sensors, 100 s of event time, a reading every 10 s
        Assert.All(host.Readings, r => Assert.Equal(["humidity", "sensor_id", "temperature", "timestamp"], Names(r)));
    }

    [Fact]
    public async Task At_a_rate_the_times_follow_the_clock()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        var before = TimeProvider.System.GetUtcNow();

        await CommandRun.RunAsync(SimulateCommand.Create(), "--rate", "200", "--count", "40", "--anomaly-rate", "0", "--target", host.Address);

        var times = host.Readings.Select(r => Parse(r).Time).ToList();
        Assert.Equal(40, times.Count);
        Assert.InRange(times[0], before.AddSeconds(-1), before.AddSeconds(10));
        Assert.All(times.Zip(times.Skip(1), (a, b) => b - a), gap => Assert.Equal(5, gap.TotalMilliseconds));
        Assert.True(TimeProvider.System.GetUtcNow() >= times[^1], "sent before its time");
    }

    [Theory]
    [InlineData("--sensors 0 is not 1 to 10000000.", "--sensors", "0")]
    [InlineData("--anomaly-rate 1.5 is not 0 to 0.9.", "--anomaly-rate", "1.5")]
    [InlineData("--rate -1 is not 0 or more.", "--rate", "-1")]
    [InlineData("--batch 9000 is not 1 to 5000.", "--batch", "9000")]
    [InlineData("--rate 0 needs --count, or --seconds", "--rate", "0")]
    [InlineData("give one of them", "--count", "5", "--seconds", "5")]
    [InlineData("--profile 'pump' is none of the configuration's: climate.", "--profile", "pump")]
    [InlineData("is not kafka://host:port[,host:port]/topic.", "--target", "kafka://localhost:9092/")]
    [InlineData("--key is for a host", "--target", "kafka://localhost:9092/t", "--key", "k")]
    [InlineData("--truth /nowhere/truth.ndjson:", "--truth", "/nowhere/truth.ndjson")]
    public async Task A_bad_option_is_bad_input_with_what_is_accepted(string said, params string[] options)
    {
        var error = await Assert.ThrowsAsync<CommandException>(() => CommandRun.RunAsync(SimulateCommand.Create(), options));

        Assert.Equal(CommandLine.BadInput, error.ExitCode);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(string line)
    {
        using var json = JsonDocument.Parse(line);
        return [.. json.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)];
    }

    private static (string Sensor, DateTimeOffset Time, string? Fault) Parse(string line)
    {
        using var json = JsonDocument.Parse(line);
        return (
            json.RootElement.GetProperty("sensor_id").GetString()!,
            json.RootElement.GetProperty("timestamp").GetDateTimeOffset(),
            json.RootElement.TryGetProperty("fault", out var fault) ? fault.GetString() : null);
    }
}

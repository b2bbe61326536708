using System.Text.Json;
using IotAnalytics.Core.Simulation.Replay;
using IotAnalytics.Core.Simulation.Targets;
using IotAnalytics.Tests.Simulation.Targets;

namespace IotAnalytics.Tests.Simulation.Replay;

public sealed class ReplayerTests : IDisposable
{
    private const long Start = 1_377_299_100_000; // 2013-08-23T23:05:00Z, a five-minute boundary
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-replayer-").FullName;
    private readonly SkippingTime _time = new(DateTimeOffset.UnixEpoch);
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_reading_arrives_once_and_in_the_order_of_its_sensor()
    {
        var file = Write("all.csv", Enumerable.Range(0, 30_000).Select(i => ($"s{i % 37}", Start + i * 10L, i)));
        await using var host = await FakeReadingsHost.StartAsync();

        var replayer = await ReplayAsync(host, new ReplayOptions(), file);

        var readings = host.Readings.Select(Read).ToList();
        Assert.Equal(30_000, replayer.Sent);
        Assert.Equal(30_000, readings.Select(r => r.Value).Distinct().Count());
        Assert.All(readings.GroupBy(r => r.Sensor), s => Assert.Equal(s.Select(r => r.Value).Order(), s.Select(r => r.Value)));
        Assert.All(host.Bodies, b => Assert.InRange(b.Length, 1, 400_000));
        Assert.All(host.Bodies, b => Assert.InRange(b.Count(c => c == '\n'), 1, 4_000));
    }

    [Fact]
    public async Task With_record_times_from_events_a_body_holds_at_most_five_minutes_and_the_order_is_kept()
    {
        var file = Write("all.csv", Enumerable.Range(0, 100).Select(i => ($"s{i % 7}", Start + i * 20_000L, i)));
        await using var host = await FakeReadingsHost.StartAsync();

        await ReplayAsync(host, new ReplayOptions { RecordTimeFromEvents = true }, file);

        Assert.Equal([15, 15, 15, 15, 15, 15, 10], host.Bodies.Select(b => b.Count(c => c == '\n')));
        Assert.Equal(Enumerable.Range(0, 100), host.Readings.Select(r => Read(r).Value));
        Assert.Equal("event", host.LastHeaders["Iot-Record-Time"]);
    }

    [Fact]
    public async Task Files_are_merged_by_event_time()
    {
        var odd = Write("odd.csv", Enumerable.Range(0, 50).Select(i => ("a", Start + (2 * i + 1) * 1_000L, 2 * i + 1)));
        var even = Write("even.csv", Enumerable.Range(0, 50).Select(i => ("b", Start + 2 * i * 1_000L, 2 * i)));
        await using var host = await FakeReadingsHost.StartAsync();

        await ReplayAsync(host, new ReplayOptions { RecordTimeFromEvents = true }, odd, even);

        Assert.Equal(Enumerable.Range(0, 100), host.Readings.Select(r => Read(r).Value));
    }

    [Fact]
    public async Task At_a_pace_the_recorded_gaps_are_waited_for()
    {
        var file = Write("all.csv", [("a", Start, 1), ("a", Start + 10_000, 2), ("a", Start + 10_001, 3), ("a", Start + 30_000, 4)]);
        await using var host = await FakeReadingsHost.StartAsync();

        await ReplayAsync(host, new ReplayOptions { Speed = 2 }, file);

        Assert.Equal([5_000, 10_000], _time.Waits.Select(w => Math.Round(w.TotalMilliseconds)));
        Assert.Equal([1, 2, 1], host.Bodies.Select(b => b.Count(c => c == '\n')));
    }

    [Fact]
    public async Task A_bad_row_ends_the_run_after_the_readings_before_it_were_sent()
    {
        var file = Write("all.csv", [("a", Start, 1), ("a", Start + 1_000, 2)]);
        await File.AppendAllTextAsync(file, "a,soon,3\n", _token);
        await using var host = await FakeReadingsHost.StartAsync();

        await Assert.ThrowsAsync<ReplayFormatException>(() => ReplayAsync(host, new ReplayOptions(), file));

        Assert.Equal([1, 2], host.Readings.Select(r => Read(r).Value));
    }

    [Fact]
    public async Task A_bad_file_among_several_ends_the_run_before_anything_is_sent()
    {
        var good = Write("good.csv", [("a", Start, 1)]);
        var bad = Path.Combine(_folder, "bad.csv");
        await File.WriteAllTextAsync(bad, "x,y\n1,2\n", _token);
        await using var host = await FakeReadingsHost.StartAsync();

        await Assert.ThrowsAsync<ReplayFormatException>(() => ReplayAsync(host, new ReplayOptions(), good, bad));

        Assert.Equal(0, host.Requests);
    }

    [Fact]
    public async Task A_refusal_by_the_host_ends_the_run()
    {
        var file = Write("all.csv", Enumerable.Range(0, 20_000).Select(i => ($"s{i % 37}", Start + i * 10L, i)));
        await using var host = await FakeReadingsHost.StartAsync();
        host.Misbehave = async (number, context) =>
        {
            await FakeReadingsHost.ProblemAsync(context, 400, "No.");
            return number > 1;
        };

        await Assert.ThrowsAsync<ReadingsTargetException>(() => ReplayAsync(host, new ReplayOptions(), file));
    }

    [Fact]
    public async Task Stopping_finishes_the_bodies_under_way_and_is_no_error()
    {
        var file = Write("all.csv", Enumerable.Range(0, 200_000).Select(i => ($"s{i % 37}", Start + i * 10L, i)));
        await using var host = await FakeReadingsHost.StartAsync();
        using var stop = new CancellationTokenSource();
        host.MisbehaveAfterStore = async (_, _) =>
        {
            await stop.CancelAsync();
            return false;
        };
        using var target = Target(host, new ReplayOptions());
        var replayer = new Replayer(target, new ReplayOptions(), _time);

        await replayer.RunAsync([file], stop.Token);

        Assert.InRange(replayer.Sent, 1, 199_999);
        Assert.Equal(host.Readings.Count, target.Accepted);
        Assert.Equal(replayer.Sent, target.Accepted);
    }

    private async Task<Replayer> ReplayAsync(FakeReadingsHost host, ReplayOptions options, params string[] files)
    {
        using var target = Target(host, options);
        var replayer = new Replayer(target, options, _time);
        await replayer.RunAsync(files, _token);
        Assert.Equal(replayer.Sent, target.Accepted);
        return replayer;
    }

    private HttpReadingsTarget Target(FakeReadingsHost host, ReplayOptions options) => new(
        new HttpTargetOptions { Url = new Uri(host.Address + "/api/v1/readings"), RecordTimeFromEvents = options.RecordTimeFromEvents },
        Replayer.LanesFor(options),
        _time);

    private string Write(string name, IEnumerable<(string Sensor, long Ms, int Value)> rows)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllLines(path, rows.Select(r => $"{r.Sensor},{r.Ms},{r.Value}").Prepend("sensor_id,timestamp,t"));
        return path;
    }

    private static (string Sensor, int Value) Read(string line)
    {
        using var json = JsonDocument.Parse(line);
        return (json.RootElement.GetProperty("sensor_id").GetString()!, json.RootElement.GetProperty("t").GetInt32());
    }
}

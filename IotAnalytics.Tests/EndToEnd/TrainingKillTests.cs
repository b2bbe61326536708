using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>
/// Hosts die in the middle of a training run, at three of its steps and at random moments; with IOT_TEST_KILL_CYCLES at all five steps and as many moments as it says, and the other
/// host waits for the whole lease.
/// </summary>
[Collection(KafkaTests.Name)]
public sealed class TrainingKillTests(KafkaBroker broker, PostgreSqlServer postgres, S3Server s3) : IDisposable
{
    private const int Readings = 14_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-training-kill-").FullName;

    private static bool IsThorough => Environment.GetEnvironmentVariable("IOT_TEST_KILL_CYCLES") is not null;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_run_whose_host_is_killed_is_done_at_the_next_start_and_makes_one_version()
    {
        var settings = new Dictionary<string, string> { ["Lake:CutAge"] = "00:00:01", ["Profiles:climate:Training:Schedule"] = "never" };
        Merge(settings, ClimateSettings);
        await using (var host = await StartAsync(_folder, settings))
        {
            using var client = host.CreateClient(_folder);
            await LoadAsync(client);
            Assert.Equal(0, await host.StopAsync());
        }

        string[] points = IsThorough
            ? ["training-reading", "training-read", "training-grown", "training-registering", "training-registered"]
            : ["training-reading", "training-registering", "training-registered"];
        for (var i = 0; i < points.Length; i++)
        {
            await using (var dies = HostProcess.Start(_folder, settings, $"{points[i]}:die"))
            {
                Assert.True(await dies.WaitReadyAsync(Token), dies.Output);
                using var client = dies.CreateClient(_folder);
                await EnqueueAsync(client);
                await WaitAsync(() => Task.FromResult(dies.HasExited), dies);
            }

            await using var next = await StartAsync(_folder, settings);
            using var again = next.CreateClient(_folder);
            var run = await FinishedAsync(again, next);
            Assert.Equal(("succeeded", $"{i + 2}"), (run.GetProperty("state").GetString(), run.GetProperty("version").GetString()));
            Assert.Equal(i + 2, (await GetAsync(again, "/models/climate/versions")).GetProperty("items").GetArrayLength());
            Assert.Equal(points[i] == "training-registered" ? 1 : 2, run.GetProperty("attempts").GetInt32());
            await next.KillAsync();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hosts_that_are_killed_at_any_moment_leave_one_version_of_a_run_or_none_and_nothing_stuck(bool onServers)
    {
        var database = onServers ? await postgres.NewSettingsAsync() : [];
        var settings = onServers ? await ServerSettingsAsync(database) : new Dictionary<string, string> { ["Lake:CutAge"] = "00:00:01", ["Profiles:climate:Training:Schedule"] = "never" };
        Merge(settings, ClimateSettings);
        await using (var host = await StartAsync(_folder, settings))
        {
            using var client = host.CreateClient(_folder);
            await LoadAsync(client);
            Assert.Equal(0, await host.StopAsync());
        }

        var random = new Random(20261128);
        var cycles = int.Parse(Environment.GetEnvironmentVariable("IOT_TEST_KILL_CYCLES") ?? "4", CultureInfo.InvariantCulture);
        for (var i = 0; i < cycles; i++)
        {
            await using var host = await StartAsync(_folder, settings);
            using var client = host.CreateClient(_folder);
            using var answer = await client.PostAsync("/api/v1/models/climate/training-runs", content: null, Token);
            // The one that the last host has left is still open.
            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.Accepted, HttpStatusCode.Conflict });
            if (onServers && answer.StatusCode == HttpStatusCode.Conflict)
            {
                await EndLeasesAsync(database);
            }

            // A run takes about a second here, judging its version another.
            await Task.Delay(random.Next(2_500), Token);
            await host.KillAsync();
        }

        await using var last = await StartAsync(_folder, settings);
        using var again = last.CreateClient(_folder);
        if (onServers)
        {
            await EndLeasesAsync(database);
        }

        await FinishedAsync(again, last);
        var runs = (await GetAsync(again, "/training-runs?limit=1000")).GetProperty("items").EnumerateArray().ToList();
        var versions = (await GetAsync(again, "/models/climate/versions?limit=1000")).GetProperty("items").EnumerateArray()
            .Where(v => v.GetProperty("training_run_id").ValueKind == JsonValueKind.Number).ToList();

        // A run is given up after three hosts that died.
        Assert.All(runs, r => Assert.Contains(r.GetProperty("state").GetString(), new[] { "succeeded", "failed" }));
        Assert.Equal(
            runs.Where(r => r.GetProperty("state").GetString() == "succeeded").Select(r => (r.GetProperty("id").GetInt64(), r.GetProperty("version").GetString())).Order(),
            versions.Select(v => (v.GetProperty("training_run_id").GetInt64(), v.GetProperty("version").GetString())).Order());
        Assert.NotEmpty(versions);
        await WaitAsync(
            async () => (await GetAsync(again, $"/models/climate/versions/{versions.Count + 1}")).GetProperty("gate_verdict").ValueKind == JsonValueKind.String, last);
    }

    [Fact]
    public async Task On_servers_another_host_does_what_a_killed_one_has_begun()
    {
        var database = await postgres.NewSettingsAsync();
        var settings = await ServerSettingsAsync(database);
        Merge(settings, ClimateSettings);
        var (first, second) = (Path.Combine(_folder, "a"), Path.Combine(_folder, "b"));
        await using var dies = await StartAsync(first, settings, "training-registering:die");
        using var client = dies.CreateClient(first);
        await LoadAsync(client);
        await EnqueueAsync(client);
        await WaitAsync(() => Task.FromResult(dies.HasExited), dies);

        await using var heir = await StartAsync(second, settings);
        using var again = heir.CreateClient(first);
        var waiting = (await GetAsync(again, "/training-runs")).GetProperty("items")[0];
        Assert.Equal("running", waiting.GetProperty("state").GetString());
        Assert.Single((await GetAsync(again, "/models/climate/versions")).GetProperty("items").EnumerateArray());

        if (!IsThorough)
        {
            await EndLeasesAsync(database);
        }

        var died = Stopwatch.StartNew();
        var run = await FinishedAsync(again, heir);

        Assert.Equal(("succeeded", "2", 2), (run.GetProperty("state").GetString(), run.GetProperty("version").GetString(), run.GetProperty("attempts").GetInt32()));
        Assert.True(died.Elapsed < TimeSpan.FromMinutes(2), $"{died.Elapsed}");
        TestContext.Current.TestOutputHelper?.WriteLine($"done {died.Elapsed} after the other host had started");
        Assert.NotEqual(waiting.GetProperty("host").GetString(), run.GetProperty("host").GetString());
        Assert.Equal(2, (await GetAsync(again, "/models/climate/versions")).GetProperty("items").GetArrayLength());
    }

    private async Task<Dictionary<string, string>> ServerSettingsAsync(Dictionary<string, string?> database)
    {
        var topic = broker.NewTopic();
        var settings = new Dictionary<string, string>
        {
            ["CommitLog:Provider"] = "Kafka",
            ["CommitLog:Kafka:BootstrapServers"] = await broker.StartAsync(),
            ["CommitLog:Kafka:Topic"] = topic,
            ["CommitLog:Kafka:GroupId"] = topic,
            ["CommitLog:Kafka:CreateTopic"] = "true",
            ["CommitLog:Kafka:Partitions"] = "3",
            ["Lake:CutAge"] = "00:00:01",
            ["Profiles:climate:Training:Schedule"] = "never",
        };
        Merge(settings, database);
        Merge(settings, S3Server.Settings(await s3.RequireAsync(), S3Server.NewBucketName()));
        return settings;
    }

    /// <summary>As if the lease's minute were over.</summary>
    private static async Task EndLeasesAsync(Dictionary<string, string?> database)
    {
        await using var shared = new TestDatabase(database);
        await shared.Writer.WriteAsync(t => t.Execute("UPDATE training_run SET lease_until = @past WHERE state = 'running'", ("@past", new DbTime(0))), Token);
    }

    private static Dictionary<string, string?> ClimateSettings => new()
    {
        ["Profiles:climate:Measurements:humidity:Min"] = "0",
        ["Profiles:climate:Measurements:humidity:Max"] = "100",
        ["Profiles:climate:Measurements:temperature:Min"] = "-50",
        ["Profiles:climate:Measurements:temperature:Max"] = "200",
    };

    private static void Merge(Dictionary<string, string> into, Dictionary<string, string?> more)
    {
        foreach (var (key, value) in more)
        {
            into[key] = value!;
        }
    }

    private static async Task<HostProcess> StartAsync(string folder, Dictionary<string, string> settings, string? failPoint = null)
    {
        var host = HostProcess.Start(folder, settings, failPoint);
        Assert.True(await host.WaitReadyAsync(Token), host.Output);
        return host;
    }

    private static async Task LoadAsync(HttpClient client)
    {
        var random = new Random(1);
        var start = TimeProvider.System.GetUtcNow().AddHours(-1);
        foreach (var body in Enumerable.Range(0, Readings).Chunk(5_000))
        {
            var lines = body.Select(i => string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"sensor_id":"s_{{i % 12}}","timestamp":"{{start.AddMilliseconds(100 * i):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}","temperature":{{18 + 10 * random.NextDouble():F3}},"humidity":{{40 + 30 * random.NextDouble():F3}}}"""));
            using var answer = await client.PostAsync("/api/v1/readings", new StringContent(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson"), Token);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        while ((await GetAsync(client, "/lake/tables")).GetProperty("items").EnumerateArray().Where(t => t.GetProperty("table").GetString() != "bronze")
            .Sum(t => t.GetProperty("rows").GetInt64() + t.GetProperty("waiting_rows").GetInt64()) < Readings)
        {
            await Task.Delay(50, Token);
        }
    }

    private static async Task EnqueueAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.PostAsync("/api/v1/models/climate/training-runs", content: null, Token);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }
        catch (HttpRequestException)
        {
            // It died before it answered.
        }
    }

    private static async Task<JsonElement> FinishedAsync(HttpClient client, HostProcess host)
    {
        JsonElement run = default;
        await WaitAsync(
            async () =>
            {
                run = (await GetAsync(client, "/training-runs?limit=1")).GetProperty("items")[0];
                return run.GetProperty("state").GetString() is not ("queued" or "running");
            },
            host);
        return run;
    }

    private static async Task WaitAsync(Func<Task<bool>> condition, HostProcess host)
    {
        for (var watch = Stopwatch.StartNew(); !await condition();)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(120), host.Output);
            await Task.Delay(50, Token);
        }
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) => await client.GetFromJsonAsync<JsonElement>($"/api/v1{path}", Token);
}

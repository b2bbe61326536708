using System.Diagnostics;
using System.Globalization;
using System.Text;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Stores;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>Promotion and rollback under load with two hosts on a real broker and a real database.</summary>
[Collection(KafkaTests.Name)]
public sealed class KafkaPlanSwitchTests(KafkaBroker broker, PostgreSqlServer server) : IDisposable
{
    private const int Sensors = 24;
    private const int Partitions = 4;
    private readonly string _root = Directory.CreateTempSubdirectory("iot-switch-").FullName;
    private readonly string _topic = broker.NewTopic();
    private int _bodies;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Two_hosts_follow_every_change_within_two_seconds_and_every_row_agrees_with_the_assignment_of_its_offset()
    {
        var settings = await server.NewSettingsAsync();
        List<(int Partition, long From, Core.Pipeline.ScoringPlan Plan)> assignments;
        await using (var one = await StartAsync("one", settings))
        {
            await using var two = await StartAsync("two", settings);
            await UntilAsync(() => Task.FromResult(Held(one) == Partitions / 2 && Held(two) == Partitions / 2));
            await PlanOracle.AddVersionAsync(one.Services);
            using var stop = new CancellationTokenSource();
            var load = LoadAsync(one, stop.Token);
            await UntilAsync(async () => (await LatestAsync(one)).Count == Partitions);
            for (var change = 0; change < 6; change++)
            {
                var (host, version) = (change < 3 ? one : two, change % 2 == 0 ? "2" : "1");
                Assert.True(await host.Services.GetRequiredService<ModelRegistry>().SetChampionAsync("climate", version, change % 2 == 0 ? "1" : "2", "test", "back and forth", Token));
                var watch = Stopwatch.StartNew();
                await UntilAsync(async () => (await LatestAsync(one)).Values.All(v => v == version));
                TestContext.Current.TestOutputHelper?.WriteLine($"to {version}: {watch.ElapsedMilliseconds} ms");
                Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
            }

            await stop.CancelAsync();
            await load;
            await UntilAsync(() => Task.FromResult(one.Monitor.Totals.Readings + two.Monitor.Totals.Readings >= _bodies * Sensors));
            Assert.True(one.Monitor.Totals.Readings > 0 && two.Monitor.Totals.Readings > 0, "both hosts had readings");
            assignments = await PlanOracle.ReadAsync(Reader(one));
            Assert.Equal(_bodies * Sensors, Convert.ToInt64(await ScalarAsync(one, "SELECT sum(readings) FROM pipeline_minute"), CultureInfo.InvariantCulture));
            await two.StopAsync(Token);
            await one.StopAsync(Token);
        }

        Assert.All(assignments.GroupBy(a => a.Partition), p => Assert.Equal(["1", "2", "1", "2", "1", "2", "1"], p.Select(a => a.Plan.Models.Single().Version)));
        using var oracle = new LakeOracle(_root);
        const string All = "(SELECT sensor_id, humidity, \"partition\", record_offset, item FROM silver UNION ALL SELECT sensor_id, humidity, \"partition\", record_offset, item FROM gold)";
        Assert.Equal(_bodies * Sensors, oracle.Lake<long>($"SELECT count(*) FROM {All}"));
        Assert.Equal(_bodies * Sensors, oracle.Lake<long>($"SELECT count(DISTINCT (sensor_id, humidity)) FROM {All}"));
        var rows = PlanOracle.AssertRowsAgree(oracle, assignments);
        Assert.True(rows["1"] > 0 && rows["2"] > 0);
    }

    [Fact]
    public async Task A_host_dies_between_changes_and_the_other_takes_over_its_partitions_under_the_plans_that_were_in_force()
    {
        var settings = await server.NewSettingsAsync();
        List<(int Partition, long From, Core.Pipeline.ScoringPlan Plan)> assignments;
        await using (var one = await StartAsync("one", settings))
        {
            await using var two = await StartAsync("two", settings);
            await UntilAsync(() => Task.FromResult(Held(one) == Partitions / 2 && Held(two) == Partitions / 2));
            await PlanOracle.AddVersionAsync(one.Services);
            var registry = one.Services.GetRequiredService<ModelRegistry>();
            using var stop = new CancellationTokenSource();
            var load = LoadAsync(one, stop.Token);
            await UntilAsync(async () => (await LatestAsync(one)).Count == Partitions);
            await registry.SetShadowAsync("climate", "2", 0.4, "test", "a split", Token);
            await UntilAsync(async () => (await PlanOracle.ReadAsync(Reader(one))).Where(a => a.Plan.Models.Single().Shadow is not null).Select(a => a.Partition).Distinct().Count() == Partitions);

            // Nothing is cut yet: the other host runs everything again from the start.
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            // It has no time to give its roles back either, and says so.
            await two.StopAsync(now.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await registry.SetChampionAsync("climate", "2", "1", "test", "up", Token);
            await UntilAsync(async () => (await LatestAsync(one)).Values.All(v => v == "2"));
            await stop.CancelAsync();
            await load;
            await UntilAsync(async () => Convert.ToInt64(await ScalarAsync(one, "SELECT sum(readings) FROM pipeline_minute"), CultureInfo.InvariantCulture) >= _bodies * Sensors);
            assignments = await PlanOracle.ReadAsync(Reader(one));
            Assert.Equal(_bodies * Sensors, Convert.ToInt64(await ScalarAsync(one, "SELECT sum(readings) FROM pipeline_minute"), CultureInfo.InvariantCulture));
            Assert.Equal(
                await ScalarAsync(one, """SELECT CAST(sum("both") AS bigint) FROM shadow_minute"""), await ScalarAsync(one, "SELECT count(*) FROM anomaly WHERE is_other_anomaly"));
            await one.StopAsync(Token);
        }

        using var oracle = new LakeOracle(_root);
        var rows = PlanOracle.AssertRowsAgree(oracle, assignments);
        Assert.Equal(_bodies * Sensors, rows.Values.Sum());
        Assert.Equal(_bodies * Sensors, oracle.Lake<long>("SELECT count(DISTINCT (sensor_id, humidity)) FROM (SELECT sensor_id, humidity FROM silver UNION ALL SELECT sensor_id, humidity FROM gold)"));
    }

    private static int Held(PipelineHost host) => host.Monitor.Partitions.Count(p => p.Status == "running");

    private static DatabaseReader Reader(PipelineHost host) => host.Services.GetRequiredService<DatabaseReader>();

    private static Task<object?> ScalarAsync(PipelineHost host, string sql) => Reader(host).ReadAsync(
        transaction =>
        {
            using var query = transaction.Query(sql);
            return query.ExecuteScalar();
        },
        Token);

    /// <summary>The champion of each partition's newest assignment.</summary>
    private static async Task<Dictionary<int, string>> LatestAsync(PipelineHost host) =>
        (await PlanOracle.ReadAsync(Reader(host))).GroupBy(a => a.Partition).ToDictionary(g => g.Key, g => g.Last().Plan.Models.Single().Version);

    private static async Task UntilAsync(Func<Task<bool>> isTrue)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await isTrue())
        {
            await Task.Delay(10, limit.Token);
        }
    }

    /// <summary>A host with a folder of its own; the lake is one for both.</summary>
    private async Task<PipelineHost> StartAsync(string name, Dictionary<string, string?> settings) => await PipelineHost.StartAsync(
        Path.Combine(_root, name),
        new Dictionary<string, string?>(settings)
        {
            ["Lake:PublishInterval"] = "01:00:00",
            ["Lake:CutAge"] = "01:00:00",
            ["CommitLog:Provider"] = "Kafka",
            ["CommitLog:Kafka:BootstrapServers"] = await broker.StartAsync(),
            ["CommitLog:Kafka:Topic"] = _topic,
            ["CommitLog:Kafka:GroupId"] = _topic,
            ["CommitLog:Kafka:CreateTopic"] = "true",
            ["CommitLog:Kafka:Partitions"] = $"{Partitions}",
        },
        (services, token) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), token),
        builder => builder.Services.AddSingleton<ILakeStore>(new FileSystemLakeStore(Path.Combine(_root, "lake"))), Token);

    private async Task LoadAsync(PipelineHost host, CancellationToken stop)
    {
        for (; !stop.IsCancellationRequested; _bodies++)
        {
            var result = await host.Ingestor.IngestAsync(Encoding.UTF8.GetBytes(Body(_bodies)), idempotencyKey: null, recordTimeFromEvents: false, Token);
            Assert.Equal((IngestKind.Accepted, Sensors), (result.Kind, result.Accepted));
        }
    }

    /// <summary>One reading of each sensor; every humidity comes once for a sensor.</summary>
    private static string Body(int number)
    {
        var time = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        var body = new StringBuilder();
        for (var sensor = 0; sensor < Sensors; sensor++)
        {
            body.Append(CultureInfo.InvariantCulture,
                $"{{\"sensor_id\":\"k{sensor}\",\"timestamp\":\"{time}\",\"temperature\":{(number % 50 == 0 ? 95 : 22)},\"humidity\":{40 + (number * 0.0001):F4}}}\n");
        }

        return body.ToString();
    }
}

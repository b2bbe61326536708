using System.Diagnostics;
using System.Globalization;
using System.Text;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>Champions and shadows change while readings flow, on the embedded deployment.</summary>
public sealed class PlanSwitchTests : IDisposable
{
    private const int Sensors = 20;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-switch-").FullName;
    private int _records;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_champion_changes_back_and_forth_under_load_and_every_row_agrees_with_the_assignment_of_its_offset()
    {
        await using (var host = await StartAsync())
        {
            await PlanOracle.AddVersionAsync(host.Services);
            using var stop = new CancellationTokenSource();
            var load = LoadAsync(host, stop.Token);
            for (var change = 0; change < 6; change++)
            {
                await PromoteAsync(host, change % 2 == 0 ? "2" : "1");
                var watch = Stopwatch.StartNew();
                await UntilAsync(async () => (await PlanOracle.ReadAsync(Reader(host))).Count >= change + 2);
                Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
            }

            await stop.CancelAsync();
            await load;
            await WaitForAllAsync(host);
            await host.StopAsync(Token);
            Assert.Equal(1L, await ScalarAsync(host, "SELECT count(*) FROM lake_file WHERE table_name = 'bronze'"));
        }

        var rows = await AssertExactlyOnceAsync();
        Assert.True(rows["1"] > 0 && rows["2"] > 0);
    }

    [Fact]
    public async Task A_switch_that_no_cut_holds_yet_is_replayed_at_the_same_offset_whatever_the_champion_is_by_then()
    {
        await using (var host = await StartAsync())
        {
            await PlanOracle.AddVersionAsync(host.Services);
            await PostAsync(host, 5);
            await PromoteAsync(host, "2");
            await SwitchedAsync(host, 2);
            await PostAsync(host, 5);
            await PromoteAsync(host, "1");
            await SwitchedAsync(host, 3);
            await PostAsync(host, 5);
            await WaitForAllAsync(host);
            await AbortAsync(host);
        }

        await using (var host = await StartAsync())
        {
            await PromoteAsync(host, "2");
            await SwitchedAsync(host, 4);
            await PostAsync(host, 5);
            await WaitForAllAsync(host);
            await host.StopAsync(Token);
        }

        var rows = await AssertExactlyOnceAsync();
        Assert.True(rows["1"] >= 10 * Sensors && rows["2"] >= 10 * Sensors);
    }

    [Fact]
    public async Task A_promotion_within_a_replay_waits_until_the_replay_is_over()
    {
        await using (var host = await StartAsync())
        {
            await PlanOracle.AddVersionAsync(host.Services);
            await PostAsync(host, 80);
            await WaitForAllAsync(host);
            await AbortAsync(host);
        }

        using var gate = new ManualResetEventSlim();
        await using (var host = await StartAsync(b => b.Services.AddSingleton<ModelLoader>(s => async (name, version, token) =>
        {
            var model = await s.GetRequiredService<ModelRegistry>().LoadAsync(name, version, token);
            return model with { Detector = new GatedDetector(model.Detector, gate) };
        })))
        {
            // The first records of the replay are being scored; the plan changes meanwhile.
            await PromoteAsync(host, "2");
            await UntilAsync(() => Task.FromResult(host.Services.GetRequiredService<PlanWatch>().Current?.Plan.Models.Single().Version == "2"));
            gate.Set();
            await PostAsync(host, 1);
            await WaitForAllAsync(host);
            await host.StopAsync(Token);
        }

        var rows = await AssertExactlyOnceAsync();
        Assert.Equal((80 * Sensors, Sensors), (rows["1"], rows["2"]));
    }

    [Fact]
    public async Task A_champion_that_cannot_be_loaded_stops_nothing_and_is_taken_as_soon_as_it_can_be()
    {
        await using var host = await StartAsync();
        var second = await PlanOracle.AddVersionAsync(host.Services);
        await PostAsync(host, 5);
        await ExecuteAsync(host, "UPDATE model SET champion = '3'");
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(1.5);)
        {
            await PostAsync(host, 1);
            await Task.Delay(20, Token);
        }

        await WaitForAllAsync(host);
        Assert.Single(await PlanOracle.ReadAsync(Reader(host)));

        var third = await PlanOracle.AddVersionAsync(host.Services);
        await SwitchedAsync(host, 2, TimeSpan.FromSeconds(10));
        await WaitForAllAsync(host);
        await host.StopAsync(Token);

        Assert.Equal(["1", "3"], (await PlanOracle.ReadAsync(Reader(host))).Select(a => a.Plan.Models.Single().Version));
        Assert.Equal(("2", "3"), (second.Version, third.Version));
    }

    [Fact]
    public async Task What_a_shadow_says_is_counted_once_over_an_aborted_host_and_changes_no_row()
    {
        await using (var host = await StartAsync())
        {
            await PlanOracle.AddVersionAsync(host.Services, threshold: 0.55);
            await host.Services.GetRequiredService<ModelRegistry>().SetShadowAsync("climate", "2", 0, "test", "try it", Token);
            await PostAsync(host, 1);
            await SwitchedAsync(host, 2);
            await PostAsync(host, 30);
            await WaitForAllAsync(host);
            await AbortAsync(host);
        }

        await using (var host = await StartAsync())
        {
            await PostAsync(host, 10);
            await WaitForAllAsync(host);
            await host.StopAsync(Token);
            var from = (await PlanOracle.ReadAsync(Reader(host)))[^1].From;
            Assert.Equal((_records - from) * Sensors, await ScalarAsync(host, """SELECT sum("both" + champion_only + shadow_only + neither) FROM shadow_minute"""));
            Assert.Equal(await ScalarAsync(host, $"SELECT count(*) FROM anomaly WHERE record_offset >= {from}"), await ScalarAsync(host, """SELECT sum("both" + champion_only) FROM shadow_minute"""));
            Assert.Equal(await ScalarAsync(host, "SELECT count(*) FROM anomaly WHERE is_other_anomaly AND other_version = '2'"), await ScalarAsync(host, """SELECT sum("both") FROM shadow_minute"""));
            Assert.True((long)(await ScalarAsync(host, "SELECT sum(shadow_only) FROM shadow_minute"))! > 0, "its threshold is low");
            Assert.True((long)(await ScalarAsync(host, "SELECT min(shadow_nanoseconds) FROM shadow_minute"))! > 0);
        }

        Assert.Equal(["1"], (await AssertExactlyOnceAsync()).Keys);
    }

    [Fact]
    public async Task In_an_A_B_split_the_shadow_decides_its_share_of_the_sensors()
    {
        await using (var host = await StartAsync())
        {
            await PlanOracle.AddVersionAsync(host.Services, threshold: 0.55);
            await host.Services.GetRequiredService<ModelRegistry>().SetShadowAsync("climate", "2", 0.5, "test", "try it on half", Token);
            await PostAsync(host, 1);
            await SwitchedAsync(host, 2);
            await PostAsync(host, 30);
            await WaitForAllAsync(host);
            await AbortAsync(host);
        }

        await using (var host = await StartAsync())
        {
            await PostAsync(host, 10);
            await WaitForAllAsync(host);
            await host.StopAsync(Token);
            Assert.Equal(0L, await ScalarAsync(host, "SELECT count(*) FROM anomaly WHERE other_version = model_version"));
            Assert.True((long)(await ScalarAsync(host, "SELECT count(*) FROM anomaly WHERE model_version = '2' AND other_version = '1' AND NOT is_other_anomaly"))! > 0);
        }

        var rows = await AssertExactlyOnceAsync();
        Assert.InRange(rows["2"], 40 * 4, 40 * 16);
    }

    private static DatabaseReader Reader(PipelineHost host) => host.Services.GetRequiredService<DatabaseReader>();

    private static Task<object?> ScalarAsync(PipelineHost host, string sql) => Reader(host).ReadAsync(
        transaction =>
        {
            using var query = transaction.Query(sql);
            return query.ExecuteScalar();
        },
        Token);

    private static Task<int> ExecuteAsync(PipelineHost host, string sql) => host.Database.WriteAsync(transaction => transaction.Execute(sql), Token);

    private static async Task PromoteAsync(PipelineHost host, string version) =>
        Assert.True(await host.Services.GetRequiredService<ModelRegistry>().SetChampionAsync("climate", version, expectedPrevious: null, "test", "back and forth", Token));

    private static async Task AbortAsync(PipelineHost host)
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await host.StopAsync(now.Token);
    }

    private static async Task UntilAsync(Func<Task<bool>> isTrue)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await isTrue())
        {
            await Task.Delay(10, limit.Token);
        }
    }

    /// <summary>Every reading of every record is one row, and names the version that its assignment calls for.</summary>
    private async Task<Dictionary<string, int>> AssertExactlyOnceAsync()
    {
        await using var host = await StartAsync();
        var assignments = await PlanOracle.ReadAsync(Reader(host));
        await host.StopAsync(Token);
        using var oracle = new LakeOracle(_folder);
        Assert.Equal(Enumerable.Range(0, _records).Select(i => (long)i), oracle.BronzeOffsets());
        var rows = PlanOracle.AssertRowsAgree(oracle, assignments);
        Assert.Equal(_records * Sensors, rows.Values.Sum());
        Assert.Equal(_records * Sensors, oracle.Database<long>("SELECT sum(readings) FROM pipeline_minute"));
        foreach (var version in rows.Keys)
        {
            Assert.Equal(
                oracle.Lake<long>($"SELECT count(*) FROM gold WHERE model_version = '{version}'"), oracle.Database<long>($"SELECT count(*) FROM anomaly WHERE model_version = '{version}'"));
        }

        return rows;
    }

    private async Task<PipelineHost> StartAsync(Action<HostApplicationBuilder>? customize = null) => await PipelineHost.StartAsync(
        _folder, new Dictionary<string, string?> { ["Lake:PublishInterval"] = "01:00:00", ["Lake:CutAge"] = "01:00:00" },
        (services, token) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), token), customize, Token);

    private async Task LoadAsync(PipelineHost host, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await PostAsync(host, 1);
        }
    }

    /// <summary>Posts until a plan more is in force.</summary>
    private async Task SwitchedAsync(PipelineHost host, int assignments, TimeSpan? within = null)
    {
        var watch = Stopwatch.StartNew();
        await UntilAsync(async () =>
        {
            await PostAsync(host, 1);
            return (await PlanOracle.ReadAsync(Reader(host))).Count >= assignments;
        });
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, within ?? TimeSpan.FromSeconds(2));
    }

    private async Task WaitForAllAsync(PipelineHost host) => await UntilAsync(
        () => Task.FromResult(host.Monitor.Partitions is [{ } partition] && partition.FastOffset >= _records && partition.RollupOffset >= _records));

    /// <summary>Records of a reading of each sensor.</summary>
    private async Task PostAsync(PipelineHost host, int records)
    {
        for (var i = 0; i < records; i++, _records++)
        {
            var body = new StringBuilder();
            for (var sensor = 0; sensor < Sensors; sensor++)
            {
                var isHot = (_records + sensor) % 23 == 0;
                var isOdd = (_records + sensor) % 7 == 0;
                body.Append(CultureInfo.InvariantCulture,
                    $"{{\"sensor_id\":\"s{sensor}\",\"timestamp\":\"{Start.AddSeconds(_records):yyyy-MM-ddTHH:mm:ssZ}\",\"temperature\":{(isHot ? 95 : isOdd ? 30 : 20) + (sensor * 0.1):F1},\"humidity\":{(isHot ? 5 : isOdd ? 37 : 50)}}}\n");
            }

            var result = await host.Ingestor.IngestAsync(Encoding.UTF8.GetBytes(body.ToString()), idempotencyKey: null, recordTimeFromEvents: true, Token);
            Assert.Equal(IngestKind.Accepted, result.Kind);
        }
    }

    /// <summary>Scores only once the gate is open.</summary>
    private sealed class GatedDetector(IAnomalyDetector inner, ManualResetEventSlim gate) : IAnomalyDetector
    {
        public string Kind => inner.Kind;

        public int FeatureCount => inner.FeatureCount;

        public void Score(float[][] features, int rows, Span<double> scores)
        {
            gate.Wait();
            inner.Score(features, rows, scores);
        }
    }
}

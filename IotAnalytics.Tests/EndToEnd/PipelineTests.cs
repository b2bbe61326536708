using System.Globalization;
using System.Text;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using IotAnalytics.Web.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>The whole path in this process, looked at from outside.</summary>
public sealed class PipelineTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string _root = Directory.CreateTempSubdirectory("iot-pipeline-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_log_replayed_a_year_later_gives_the_same_rows()
    {
        var (first, second) = (Path.Combine(_root, "first"), Path.Combine(_root, "second"));
        // Recorded by a host that is aborted before a cut: the log still holds every record.
        await using (var recorder = await StartAsync(first))
        {
            await PostAsync(recorder, records: 60);
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await recorder.StopAsync(now.Token);
        }

        foreach (var file in Directory.EnumerateFiles(first, "analytics.db*"))
        {
            File.Delete(file);
        }

        Directory.Delete(Path.Combine(first, "lake"), recursive: true);
        CopyFolder(first, second);
        await RunAsync(first, Start.AddMinutes(1));
        await RunAsync(second, Start.AddDays(365));

        using var one = new LakeOracle(first);
        using var two = new LakeOracle(second);
        foreach (var table in new[] { "bronze", "silver", "gold" })
        {
            var rows = one.Rows(table, except: "source_id");
            Assert.True(rows.Count > 0, table);
            Assert.Equal(rows, two.Rows(table, except: "source_id"));
        }
    }

    [Fact]
    public async Task What_features_remember_of_a_sensor_survives_a_restart()
    {
        // Forest on the reading, components on its history, combined.
        var settings = new Dictionary<string, string?>
        {
            ["Profiles:climate:Measurements:temperature:Min"] = "-50",
            ["Profiles:climate:Measurements:temperature:Max"] = "200",
            ["Profiles:climate:Measurements:temperature:Normal:0"] = "18",
            ["Profiles:climate:Measurements:temperature:Normal:1"] = "28",
            ["Profiles:climate:Measurements:humidity:Min"] = "0",
            ["Profiles:climate:Measurements:humidity:Max"] = "100",
            ["Profiles:climate:Features:temperature"] = "temperature",
            ["Profiles:climate:Features:temperature_change"] = "delta(temperature)",
            ["Profiles:climate:Features:temperature_mean"] = "ewma(temperature, 5)",
            ["Profiles:climate:Detectors:0:Kind"] = "IsolationForest",
            ["Profiles:climate:Detectors:0:Features:0"] = "temperature",
            ["Profiles:climate:Detectors:1:Kind"] = "Pca",
            ["Profiles:climate:Detectors:1:Features:0"] = "temperature_change",
            ["Profiles:climate:Detectors:1:Features:1"] = "temperature_mean",
        };
        var (straight, stopped) = (Path.Combine(_root, "straight"), Path.Combine(_root, "stopped"));
        await using (var host = await StartAsync(straight, customize: null, settings))
        {
            await PostAsync(host, records: 60);
            await WaitForAsync(host, 600);
            await host.StopAsync(Token);
        }

        foreach (var first in new[] { 0, 30 })
        {
            await using var host = await StartAsync(stopped, customize: null, settings);
            await PostAsync(host, records: 30, firstRecord: first);
            await WaitForAsync(host, 300);
            await host.StopAsync(Token);
        }

        using var one = new LakeOracle(straight);
        using var two = new LakeOracle(stopped);
        foreach (var table in new[] { "silver", "gold" })
        {
            var rows = one.Rows(table, except: "source_id");
            Assert.True(rows.Count > 0, table);
            Assert.Equal(rows, two.Rows(table, except: "source_id"));
        }

        using var database = new SqliteConnection($"Data Source={Path.Combine(straight, "analytics.db")}");
        await database.OpenAsync(Token);
        await using var command = new SqliteCommand("SELECT count(*) FROM anomaly WHERE detector NOT IN ('IsolationForest', 'Pca')", database);
        Assert.Equal(0L, await command.ExecuteScalarAsync(Token));
    }

    [Fact]
    public async Task What_was_committed_is_not_written_again_when_the_lake_is_behind()
    {
        // Aborted, not stopped: T1 and T1' have committed, no cut has.
        var folder = Path.Combine(_root, "behind");
        await using (var host = await StartAsync(folder))
        {
            await PostAsync(host, records: 20);
            await WaitForAsync(host, 200);
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await host.StopAsync(now.Token);
        }

        await using (var again = await StartAsync(folder))
        {
            await PostAsync(again, records: 5, firstRecord: 20);
            await WaitForAsync(again, 50);
            await again.StopAsync(Token);
        }

        using var oracle = new LakeOracle(folder);
        Assert.Equal(Enumerable.Range(0, 25).Select(i => (long)i), oracle.BronzeOffsets());
        Assert.Equal(250, oracle.Database<long>("SELECT sum(readings) FROM pipeline_minute"));
        Assert.Equal(250, oracle.Lake<long>("SELECT (SELECT count(*) FROM silver) + (SELECT count(*) FROM gold)"));
        Assert.Equal(oracle.Lake<long>("SELECT count(*) FROM gold"), oracle.Database<long>("SELECT count(*) FROM anomaly"));
        Assert.Equal(250, oracle.Database<long>("SELECT sum(reading_count) FROM sensor_minute WHERE measurement = 'humidity'"));
    }

    [Fact]
    public async Task A_record_that_makes_the_scorer_fail_becomes_a_dead_letter_and_the_others_go_on()
    {
        var folder = Path.Combine(_root, "poison");
        await using (var host = await StartAsync(folder, b => b.Services.AddSingleton<ModelLoader>(s => async (name, version, token) =>
        {
            var model = await s.GetRequiredService<ModelRegistry>().LoadAsync(name, version, token);
            return model with { Detector = new ExplodingDetector(model.Detector, poison: 77.25f) };
        })))
        {
            await PostAsync(host, records: 10);
            await IngestAsync(host, Reading(10, 0, "21.5") + Reading(10, 1, "77.25") + Reading(10, 2, "21.5"));
            await PostAsync(host, records: 10, firstRecord: 11);
            await WaitForAsync(host, 201);
            await host.StopAsync(Token);
        }

        using var oracle = new LakeOracle(folder);
        Assert.Equal(21, oracle.BronzeOffsets().Count);
        Assert.Equal("poison", oracle.Database<string>("SELECT reason FROM dead_letter WHERE record_offset = 10"));
        Assert.Equal(1, oracle.Database<long>("SELECT count(*) FROM dead_letter"));
        Assert.Equal(200, oracle.Lake<long>("SELECT (SELECT count(*) FROM silver) + (SELECT count(*) FROM gold)"));
        Assert.Equal(201, oracle.Database<long>("SELECT sum(readings) FROM pipeline_minute"));
    }

    [Fact]
    public async Task A_changed_profile_applies_to_new_readings_only()
    {
        var folder = Path.Combine(_root, "plan");
        await using (var host = await StartAsync(folder))
        {
            await PostAsync(host, records: 10);
            await WaitForAsync(host, 100);
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await host.StopAsync(now.Token);
        }

        // The old readings are within the old range, and are replayed under it; the new ones are outside of the new one.
        var narrow = new Dictionary<string, string?> { ["Profiles:climate:Measurements:temperature:Max"] = "1" };
        await using (var host = await StartAsync(folder, customize: null, narrow))
        {
            await PostAsync(host, records: 3, firstRecord: 10);
            await WaitForAsync(host, 30);
            await host.StopAsync(Token);
        }

        using var oracle = new LakeOracle(folder);
        Assert.Equal(0, oracle.Lake<long>("SELECT count(*) FROM silver WHERE record_offset < 10 AND flags & 1 = 1"));
        Assert.Equal(
            oracle.Lake<long>("SELECT count(*) FROM silver WHERE record_offset >= 10"),
            oracle.Lake<long>("SELECT count(*) FROM silver WHERE record_offset >= 10 AND flags & 1 = 1"));
        Assert.Equal(2, oracle.Database<long>("SELECT count(*) FROM scoring_assignment"));
        Assert.Equal(10, oracle.Database<long>("SELECT max(from_offset) FROM scoring_assignment"));
    }

    [Fact]
    public async Task Another_log_under_the_same_database_is_refused_until_it_is_allowed()
    {
        var folder = Path.Combine(_root, "reset");
        await using (var host = await StartAsync(folder))
        {
            await PostAsync(host, records: 3);
            await WaitForAsync(host, 30);
            await host.StopAsync(Token);
        }

        foreach (var file in Directory.EnumerateFiles(folder, "log.db*"))
        {
            File.Delete(file);
        }

        var refused = await Assert.ThrowsAsync<Core.CommitLog.CommitLogException>(() => StartAsync(folder));
        Assert.Contains("CommitLog:OnSourceReset", refused.Message, StringComparison.Ordinal);

        await using (var host = await StartAsync(folder, customize: null, new Dictionary<string, string?> { ["CommitLog:OnSourceReset"] = "StartNewSource" }))
        {
            await PostAsync(host, records: 4, firstRecord: 3);
            await WaitForAsync(host, 40);
            await host.StopAsync(Token);
        }

        using var oracle = new LakeOracle(folder);
        Assert.Equal(7, oracle.Lake<long>("SELECT count(*) FROM bronze"));
        Assert.Equal(2, oracle.Lake<long>("SELECT count(DISTINCT source_id) FROM bronze"));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Task<PipelineHost> StartAsync(string folder, Action<HostApplicationBuilder>? customize = null, IReadOnlyDictionary<string, string?>? settings = null) =>
        PipelineHost.StartAsync(
            folder, new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>()) { ["Lake:PublishInterval"] = "01:00:00" },
            (services, token) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), token),
            customize, Token);

    private static async Task RunAsync(string folder, DateTimeOffset now)
    {
        await using var host = await StartAsync(folder, b => b.Services.AddSingleton<TimeProvider>(new AdvancingClock(now)));
        await WaitForAsync(host, 600);
        await host.StopAsync(Token);
    }

    private static async Task WaitForAsync(PipelineHost host, long readings)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (host.Monitor.Totals.Readings < readings || host.Monitor.Partitions[0].RollupOffset < host.Monitor.Partitions[0].FastOffset)
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private static async Task PostAsync(PipelineHost host, int records, int firstRecord = 0)
    {
        for (var record = firstRecord; record < firstRecord + records; record++)
        {
            var body = new StringBuilder();
            for (var item = 0; item < 10; item++)
            {
                var temperature = (record + item) % 9 == 0 ? 95 + item : 20 + (item * 0.3);
                body.Append(Reading(record, item, temperature.ToString(CultureInfo.InvariantCulture)));
            }

            await IngestAsync(host, body.ToString());
        }
    }

    private static async Task IngestAsync(PipelineHost host, string body)
    {
        var result = await host.Ingestor.IngestAsync(Encoding.UTF8.GetBytes(body), idempotencyKey: null, recordTimeFromEvents: true, Token);
        Assert.Equal(IngestKind.Accepted, result.Kind);
    }

    private static string Reading(int record, int item, string temperature) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"sensor_id\":\"s{item}\",\"timestamp\":\"{Start.AddSeconds((record * 10) + item):yyyy-MM-ddTHH:mm:ssZ}\",\"temperature\":{temperature},\"humidity\":{(temperature.Length > 4 ? 5 : 50) + (item * 0.1):F1}}}\n");

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    /// <summary>Real timers, another date.</summary>
    private sealed class AdvancingClock(DateTimeOffset start) : TimeProvider
    {
        private readonly long _began = System.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => start + System.GetElapsedTime(_began);
    }

    /// <summary>Fails on one value, as a bug would.</summary>
    private sealed class ExplodingDetector(IAnomalyDetector inner, float poison) : IAnomalyDetector
    {
        public string Kind => inner.Kind;

        public int FeatureCount => inner.FeatureCount;

        public void Score(float[][] features, int rows, Span<double> scores)
        {
            if (features.Any(f => f.AsSpan(0, rows).Contains(poison)))
            {
                throw new InvalidOperationException("A bug that this value meets.");
            }

            inner.Score(features, rows, scores);
        }
    }
}

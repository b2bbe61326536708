using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>The whole path over a real broker with three partitions: broker killed, host aborted, log trimmed, topic made again.</summary>
[Collection(KafkaTests.Name)]
public sealed class KafkaPipelineTests(KafkaBroker broker) : IDisposable
{
    private const int Sensors = 12;
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-kafka-host-").FullName;
    private readonly string _topic = broker.NewTopic();
    private int _bodies;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_reading_counts_once_over_a_killed_broker_and_an_aborted_host_and_a_topic_made_again_is_refused()
    {
        await broker.StartAsync();
        await using (var host = await StartAsync())
        {
            Assert.Equal(3, host.Monitor.Partitions.Count);
            await IngestAsync(host, bodies: 20);
            await WaitForAsync(host, 20 * Sensors);

            // Two bodies wait while the broker is down; the host goes on where it was.
            await broker.KillAsync();
            var waiting = IngestAsync(host, bodies: 2);
            await broker.RestartAsync();
            await waiting;
            await IngestAsync(host, bodies: 18);
            await WaitForAsync(host, 40 * Sensors);
            Assert.All(host.Monitor.Partitions, p => Assert.Equal("running", p.Status));

            // Aborted: the database has everything, the lake nothing.
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await host.StopAsync(now.Token);
        }

        await using (var again = await StartAsync())
        {
            await IngestAsync(again, bodies: 10);
            await WaitForAsync(again, 10 * Sensors);
            await again.StopAsync(Token);
        }

        AssertOnceEach(50);

        await broker.DeleteTopicAsync(_topic);
        var refused = await Assert.ThrowsAsync<CommitLogException>(StartAsync);
        Assert.Contains("CommitLog:OnSourceReset", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_topic_forgot_before_it_was_in_the_lake_is_told_in_the_pipeline_and_the_metrics_and_all_else_counts_once()
    {
        const int Partition = 1;
        var settings = await SettingsAsync("00:02:00");
        await using (var host = await StartAsync())
        {
            await IngestAsync(host, bodies: 10);
            await WaitForAsync(host, 10 * Sensors);
            // Aborted: the database has everything, the lake nothing.
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await host.StopAsync(now.Token);
        }

        await broker.DeleteRecordsAsync(_topic, Partition, below: 4);
        await using (var again = await TestHost.StartAsync(_folder, null, [.. settings.Select(s => (s.Key, s.Value!))]))
        {
            using var more = new StringContent(Body(_bodies++), Encoding.UTF8, "application/x-ndjson");
            using var answer = await again.Client.PostAsync("/api/v1/readings", more, Token);
            answer.EnsureSuccessStatusCode();
            await WaitForAsync(again.Services.GetRequiredService<PipelineMonitor>(), readings: Sensors);

            var lost = (await again.Client.GetFromJsonAsync<JsonElement>("/api/v1/pipeline", Token)).GetProperty("lost_ranges").EnumerateArray().Single();
            Assert.Equal((Partition, 0, 4), (lost.GetProperty("partition").GetInt32(), lost.GetProperty("first_offset").GetInt32(), lost.GetProperty("next_offset").GetInt32()));
            var counted = Regex.Match(await again.Client.GetStringAsync("/metrics", Token), $"iot_pipeline_records_lost_total{{[^}}]*partition=\"{Partition}\"[^}}]*}} ([0-9]+)");
            Assert.True(int.Parse(counted.Groups[1].Value, CultureInfo.InvariantCulture) >= 4, counted.Value);
        }

        using var oracle = new LakeOracle(_folder);
        var ofPartition = Enumerable.Range(0, Sensors).Count(s => Core.CommitLog.Partitioner.Murmur2(Encoding.UTF8.GetBytes($"k{s}"), 3) == Partition);
        var kept = (11 * Sensors) - (4 * ofPartition);
        const string All = "(SELECT sensor_id, humidity FROM silver UNION ALL SELECT sensor_id, humidity FROM gold)";
        Assert.Equal(kept, oracle.Lake<long>($"SELECT count(*) FROM {All}"));
        Assert.Equal(kept, oracle.Lake<long>($"SELECT count(DISTINCT (sensor_id, humidity)) FROM {All}"));
        Assert.Equal(4, oracle.Lake<long>($"SELECT min(record_offset) FROM bronze WHERE \"partition\" = {Partition}"));
        Assert.Equal(11 * Sensors, oracle.Database<long>("SELECT sum(readings) FROM pipeline_minute"));
    }

    [Fact]
    public async Task While_the_broker_is_down_appends_are_refused_and_the_host_stops_in_order()
    {
        var servers = await broker.StartAsync();
        await using (var host = await StartAsync(appendTimeout: "00:00:01"))
        {
            await IngestAsync(host, bodies: 5);
            using (var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = servers }).Build())
            {
                var foreign = new Message<string, byte[]> { Key = "k0", Value = Encoding.UTF8.GetBytes(Body(5)), Headers = [new Header("origin", "gateway-7"u8.ToArray())] };
                await producer.ProduceAsync(new TopicPartition(_topic, 1), foreign, Token);
            }

            await WaitForAsync(host, 6 * Sensors);
            var history = await host.Ingestor.IngestAsync(Encoding.UTF8.GetBytes(Body(6)), idempotencyKey: null, recordTimeFromEvents: true, Token);
            Assert.Equal(IngestKind.RecordTimeNotKept, history.Kind);

            await broker.KillAsync();
            await Assert.ThrowsAsync<LogUnavailableException>(() => IngestAsync(host, bodies: 1));
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            await host.StopAsync(limit.Token);
            Assert.All(host.Monitor.Partitions, p => Assert.Equal(("stopped", p.FastOffset), (p.Status, p.LakeOffset)));
        }

        using var oracle = new LakeOracle(_folder);
        Assert.Equal(6 * Sensors, oracle.Lake<long>("SELECT (SELECT count(*) FROM silver) + (SELECT count(*) FROM gold)"));
        Assert.Equal("""{"origin":"gateway-7"}""", oracle.Lake<string>("SELECT headers FROM bronze WHERE record_key IS NOT NULL"));
    }

    [Fact]
    public async Task Dead_letters_go_to_their_topic_whole_with_the_reason_and_a_topic_that_is_gone_holds_nothing_up()
    {
        var servers = await broker.StartAsync();
        await using var host = await StartAsync("00:02:00", ("CommitLog:Kafka:DeadLetterTopic", $"{_topic}-dead"));
        var large = $"{{\"sensor_id\":\"k1\",\"timestamp\":\"never\",\"note\":\"{new string('n', 10_000)}\"}}";
        using (var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = servers }).Build())
        {
            await producer.ProduceAsync(new TopicPartition(_topic, 1), new Message<string, string> { Key = "k1", Value = $"{Body(0)}{large}\n" }, Token);
        }

        await WaitForAsync(host, Sensors + 1);

        var config = new ConsumerConfig { BootstrapServers = servers, GroupId = _topic + "-reader", AutoOffsetReset = AutoOffsetReset.Earliest };
        using (var consumer = new ConsumerBuilder<string, string>(config).Build())
        {
            consumer.Assign(new TopicPartitionOffset($"{_topic}-dead", 0, Offset.Beginning));
            var letter = consumer.Consume(Token).Message;
            Assert.Equal(("k1", large), (letter.Key, letter.Value));
            var headers = letter.Headers.ToDictionary(h => h.Key, h => Encoding.UTF8.GetString(h.GetValueBytes()));
            Assert.Equal(("invalid_timestamp", _topic, "1", "0", $"{Sensors}"), (headers["iot.reason"], headers["iot.topic"], headers["iot.partition"], headers["iot.offset"], headers["iot.item"]));
            Assert.NotEmpty(headers["iot.detail"]);
            Assert.Null(consumer.Consume(TimeSpan.FromMilliseconds(200)));
        }

        await broker.DeleteTopicAsync($"{_topic}-dead");
        using (var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = servers }).Build())
        {
            await producer.ProduceAsync(new TopicPartition(_topic, 1), new Message<string, string> { Key = "k1", Value = "not JSON" }, Token);
        }

        await WaitForAsync(host, Sensors + 2);
        Assert.Equal(2, host.Monitor.Totals.DeadLetters);
    }

    private void AssertOnceEach(int bodies)
    {
        var readings = bodies * Sensors;
        using var oracle = new LakeOracle(_folder);
        const string All = "(SELECT sensor_id, humidity, \"partition\", record_offset, item FROM silver UNION ALL SELECT sensor_id, humidity, \"partition\", record_offset, item FROM gold)";
        Assert.Equal(readings, oracle.Lake<long>($"SELECT count(*) FROM {All}"));
        Assert.Equal(readings, oracle.Lake<long>($"SELECT count(DISTINCT (sensor_id, humidity)) FROM {All}"));
        Assert.Equal(3, oracle.Lake<long>("SELECT count(DISTINCT \"partition\") FROM bronze"));
        Assert.Equal(0, oracle.Lake<long>("SELECT count(*) FROM (SELECT max(record_offset) + 1 - count(*) AS gaps FROM bronze GROUP BY \"partition\") WHERE gaps <> 0"));
        Assert.Equal(readings, oracle.Lake<long>("SELECT sum(item_count) FROM bronze"));
        Assert.Equal(readings, oracle.Database<long>("SELECT sum(readings) FROM pipeline_minute"));
        Assert.Equal(readings, oracle.Database<long>("SELECT sum(reading_count) FROM sensor_minute WHERE measurement = 'humidity'"));
        for (var sensor = 0; sensor < Sensors; sensor++)
        {
            var partition = Core.CommitLog.Partitioner.Murmur2(Encoding.UTF8.GetBytes($"k{sensor}"), 3);
            Assert.Equal(bodies, oracle.Lake<long>($"SELECT count(*) FROM {All} WHERE sensor_id = 'k{sensor}' AND \"partition\" = {partition}"));
        }
    }

    private Task<PipelineHost> StartAsync() => StartAsync("00:02:00");

    private async Task<PipelineHost> StartAsync(string appendTimeout, params (string Key, string Value)[] more) => await PipelineHost.StartAsync(
        _folder,
        await SettingsAsync(appendTimeout, more),
        (services, token) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), token),
        customize: null, Token);

    private async Task<Dictionary<string, string?>> SettingsAsync(string appendTimeout, params (string Key, string Value)[] more) => new Dictionary<string, string?>
    {
        ["Lake:PublishInterval"] = "01:00:00",
        ["Lake:CutAge"] = "01:00:00",
        ["CommitLog:Provider"] = "Kafka",
        ["CommitLog:Kafka:BootstrapServers"] = await broker.StartAsync(),
        ["CommitLog:Kafka:Topic"] = _topic,
        ["CommitLog:Kafka:GroupId"] = _topic,
        ["CommitLog:Kafka:CreateTopic"] = "true",
        ["CommitLog:Kafka:Partitions"] = "3",
        ["CommitLog:Kafka:AppendTimeout"] = appendTimeout,
    }.Concat(more.Select(m => KeyValuePair.Create(m.Key, (string?)m.Value))).ToDictionary();

    private async Task IngestAsync(PipelineHost host, int bodies)
    {
        for (var i = 0; i < bodies; i++)
        {
            var body = Encoding.UTF8.GetBytes(Body(_bodies++));
            var result = await host.Ingestor.IngestAsync(body, idempotencyKey: null, recordTimeFromEvents: false, Token);
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
                $"{{\"sensor_id\":\"k{sensor}\",\"timestamp\":\"{time}\",\"temperature\":{(number % 9 == 0 ? 95 : 22)},\"humidity\":{40 + (number * 0.01):F2}}}\n");
        }

        return body.ToString();
    }

    private static Task WaitForAsync(PipelineHost host, long readings) => WaitForAsync(host.Monitor, readings);

    private static async Task WaitForAsync(PipelineMonitor monitor, long readings)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (monitor.Totals.Readings < readings || monitor.Partitions.Any(p => p.RollupOffset < p.FastOffset))
        {
            await Task.Delay(10, limit.Token);
        }
    }
}

using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using Partitioner = IotAnalytics.Core.CommitLog.Partitioner;

namespace IotAnalytics.Tests.Commands;

[Collection(KafkaTests.Name)]
public sealed class KafkaReadingsTargetTests(KafkaBroker broker)
{
    private const int Partitions = 3;
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_readings_arrive_once_in_their_sensors_partition_and_in_order()
    {
        var topic = await NewTopicAsync();

        var (exitCode, output, _) = await SimulateAsync(topic, "--sensors", "20", "--rate", "0", "--count", "5000", "--batch", "100", "--anomaly-rate", "0");

        Assert.Equal(0, exitCode);
        Assert.Matches("Accepted +5,000\\b", output);
        var readings = (await ReadAsync(topic)).SelectMany(Readings).ToList();
        Assert.Equal(5_000, readings.Count);
        Assert.Equal(5_000, readings.Select(r => (r.Sensor, r.Time)).Distinct().Count());
        Assert.All(readings, r => Assert.Equal(Partitioner.Murmur2(Encoding.UTF8.GetBytes(r.Sensor), Partitions), r.Partition));
        Assert.All(readings.GroupBy(r => r.Sensor), sensor => Assert.Equal(sensor.Select(r => r.Time).Order(), sensor.Select(r => r.Time)));
    }

    [Fact]
    public async Task With_a_batch_of_one_each_record_is_a_reading_under_its_sensors_key()
    {
        var topic = await NewTopicAsync();

        await SimulateAsync(topic, "--sensors", "5", "--rate", "0", "--count", "50", "--batch", "1", "--anomaly-rate", "0");

        var records = await ReadAsync(topic);
        Assert.Equal(50, records.Count);
        Assert.All(records, r => Assert.Equal(Readings(r).Single().Sensor, r.Message.Key));
    }

    [Fact]
    public async Task With_record_time_event_a_records_time_is_the_newest_event_time()
    {
        var topic = await NewTopicAsync(("message.timestamp.type", "CreateTime"));

        await SimulateAsync(topic, "--sensors", "1", "--rate", "0", "--count", "20", "--batch", "10", "--anomaly-rate", "0", "--record-time", "event");

        var records = await ReadAsync(topic);
        Assert.Equal(2, records.Count);
        Assert.All(records, r => Assert.Equal(Readings(r).Max(x => x.Time).ToUnixTimeMilliseconds(), r.Message.Timestamp.UnixTimestampMs));
    }

    [Fact]
    public async Task Record_time_event_is_refused_on_a_topic_that_keeps_the_time_of_arrival()
    {
        var topic = await NewTopicAsync(("message.timestamp.type", "LogAppendTime"));

        var error = await Assert.ThrowsAsync<CommitLogException>(() => SimulateAsync(topic, "--rate", "0", "--count", "5", "--record-time", "event"));

        Assert.Contains("history needs a topic with CreateTime", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_topic_is_told_in_one_line()
    {
        var error = await Assert.ThrowsAsync<CommitLogException>(() => SimulateAsync("no-such-topic", "--rate", "0", "--count", "5"));

        Assert.Contains("has no topic 'no-such-topic'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private async Task<string> NewTopicAsync(params (string Key, string Value)[] settings)
    {
        await broker.StartAsync();
        var topic = broker.NewTopic();
        await broker.CreateTopicAsync(topic, Partitions, settings);
        return topic;
    }

    private async Task<(int ExitCode, string Output, string Error)> SimulateAsync(string topic, params string[] options) =>
        await CommandRun.RunAsync(SimulateCommand.Create(), [.. options, "--target", $"kafka://{await broker.StartAsync()}/{topic}"]);

    /// <summary>Everything that the topic holds, each partition in its order.</summary>
    private async Task<List<ConsumeResult<string?, string>>> ReadAsync(string topic)
    {
        var config = new ConsumerConfig { BootstrapServers = await broker.StartAsync(), GroupId = topic, EnablePartitionEof = true };
        using var consumer = new ConsumerBuilder<string?, string>(config).Build();
        consumer.Assign(Enumerable.Range(0, Partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var records = new List<ConsumeResult<string?, string>>();
        for (var ended = 0; ended < Partitions;)
        {
            var result = consumer.Consume(Token);
            if (result.IsPartitionEOF)
            {
                ended++;
            }
            else
            {
                records.Add(result);
            }
        }

        return records;
    }

    private static List<(string Sensor, DateTimeOffset Time, int Partition)> Readings(ConsumeResult<string?, string> record) =>
    [
        .. record.Message.Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            using var json = JsonDocument.Parse(line);
            return (json.RootElement.GetProperty("sensor_id").GetString()!, json.RootElement.GetProperty("timestamp").GetDateTimeOffset(), record.Partition.Value);
        }),
    ];
}

using System.Text;
using Confluent.Kafka;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Kafka;
using IotAnalytics.Tests.Conformance;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.CommitLog.Kafka;

[Collection(KafkaTests.Name)]
public sealed class KafkaCommitLogTests(KafkaBroker broker) : CommitLogConformance
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly TestDatabase _database = new();
    private string _topic = "";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Key_and_headers_of_a_foreign_record_are_kept()
    {
        var log = await NewAsync(1);
        var record = new Message<string, byte[]?>
        {
            Key = "sensor_001",
            Value = "{}"u8.ToArray(),
            Headers = [new Header("trace", "a\"b"u8.ToArray()), new Header("raw", [0xff, 0x00]), new Header("many", "1"u8.ToArray()), new Header("none", null), new Header("many", "2"u8.ToArray())],
        };
        using (var producer = new ProducerBuilder<string, byte[]?>(new ProducerConfig { BootstrapServers = await broker.StartAsync() }).Build())
        {
            await producer.ProduceAsync(_topic, record, Token);
            await producer.ProduceAsync(_topic, new Message<string, byte[]?> { Key = "deleted", Value = null }, Token);
        }

        using var batch = new RecordBatch();
        await log.ReadAsync(0, 0, batch, 1_000, Soon, Token);

        Assert.Equal(2, batch.Count);
        Assert.Equal("sensor_001", Encoding.UTF8.GetString(batch.Buffer, batch[0].KeyStart, batch[0].KeyLength));
        Assert.Equal("{}", Encoding.UTF8.GetString(batch.Value(0)));
        Assert.Equal("""{"trace":"a\u0022b","raw":{"base64":"/wA="},"many":["1","2"],"none":null}""", batch[0].Headers);
        Assert.Equal((0, null), (batch[1].ValueLength, batch[1].Headers));
    }

    [Fact]
    public async Task Records_of_a_transaction_that_was_given_up_are_not_seen_and_leave_a_gap()
    {
        var log = await NewAsync(1);
        using (var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = await broker.StartAsync(), TransactionalId = _topic }).Build())
        {
            producer.InitTransactions(Soon);
            producer.BeginTransaction();
            await producer.ProduceAsync(_topic, new Message<Null, string> { Value = "given up" }, Token);
            producer.AbortTransaction();
            producer.BeginTransaction();
            await producer.ProduceAsync(_topic, new Message<Null, string> { Value = "kept" }, Token);
            producer.CommitTransaction();
        }

        using var batch = new RecordBatch();
        await log.ReadAsync(0, 0, batch, 1_000, Soon, Token);
        Assert.Equal(("kept", 2L), (Encoding.UTF8.GetString(batch.Value(0)), batch[0].Offset));

        var next = (await log.AppendAsync([Record(0, 1, "next")], null, Token)).Positions.Single().Offset;
        await log.ReadAsync(0, 3, batch, 1_000, Soon, Token);
        Assert.Equal(("next", next), (Encoding.UTF8.GetString(batch.Value(0)), batch[0].Offset));
    }

    [Fact]
    public async Task What_the_brokers_retention_deleted_is_reported_as_trimmed()
    {
        var log = await NewAsync(1);
        await log.AppendAsync([.. Enumerable.Range(0, 10).Select(i => Record(0, i, $"r{i}"))], null, Token);
        await broker.DeleteRecordsAsync(_topic, 0, below: 4);

        using var batch = new RecordBatch();
        var gone = await Assert.ThrowsAsync<OffsetTrimmedException>(() => log.ReadAsync(0, 3, batch, 1_000, TimeSpan.Zero, Token).AsTask());

        Assert.Equal(4, gone.Start);
        Assert.Equal(new LogBounds(4, 10), await log.GetBoundsAsync(0, Token));
        Assert.Equal(4, await log.GetRecordTimeAsync(0, 0, Token));
        Assert.Equal(6, (await ReadAllAsync(log, 0)).Count);
    }

    [Fact]
    public async Task A_record_above_what_the_topic_takes_is_refused_and_so_are_those_beside_it()
    {
        await broker.StartAsync();
        _topic = broker.NewTopic();
        await broker.CreateTopicAsync(_topic, 2, ("max.message.bytes", "4000"));
        await using var log = await OpenAsync(_ => { });

        var refused = await Assert.ThrowsAsync<RecordTooLargeException>(() => log.AppendAsync([Record(0, 1, "small"), Record(1, 1, new string('x', 3_873))], null, Token).AsTask());
        Assert.Contains("3873 bytes is above what the Kafka topic takes: 3872", refused.Message, StringComparison.Ordinal);
        await log.AppendAsync([Record(1, 1, new string('x', 3_872))], null, Token);

        Assert.Equal(0, (await log.GetBoundsAsync(0, Token)).HighWatermark);
        Assert.Equal(1, (await log.GetBoundsAsync(1, Token)).HighWatermark);
    }

    [Fact]
    public async Task A_trim_commits_the_offset_for_lag_tools_and_deletes_nothing()
    {
        var log = await NewAsync(2);
        await log.AppendAsync([Record(1, 1, "a"), Record(1, 1, "b")], null, Token);
        await log.TrimAsync(1, 1, Token);
        await log.TrimAsync(1, 0, Token);
        Assert.Equal(new LogBounds(0, 2), await log.GetBoundsAsync(1, Token));

        await log.DisposeAsync();

        Assert.Equal(1, await broker.CommittedAsync("iot-analytics", _topic, 1));
        Assert.Equal(Offset.Unset.Value, await broker.CommittedAsync("iot-analytics", _topic, 0));
    }

    [Theory]
    [InlineData("Earliest", 0)]
    [InlineData("Latest", 3)]
    [InlineData("2026-01-01T00:00:01Z", 1)]
    [InlineData("2026-01-01T01:00:01.500+01:00", 2)]
    [InlineData("2027-01-01T00:00Z", 3)]
    public async Task A_partition_that_was_never_read_begins_where_it_is_configured_to(string startFrom, long expected)
    {
        await broker.StartAsync();
        _topic = broker.NewTopic();
        await using var log = await OpenAsync(o => (o.StartFrom, o.Partitions) = (startFrom, 1));
        const long Start = 1_767_225_600_000;
        await log.AppendAsync([Record(0, Start, "a"), Record(0, Start + 1_000, "b"), Record(0, Start + 2_000, "c")], null, Token);

        Assert.Equal(expected, await log.GetFirstOffsetAsync(0, Token));
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2026-01-01T00:00:00")]
    [InlineData("")]
    public void A_place_to_start_that_is_none_is_refused(string startFrom)
    {
        var result = new KafkaOptionsValidator().Validate(null, new KafkaLogOptions { BootstrapServers = "b:1", StartFrom = startFrom });
        Assert.Contains("StartFrom", result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_that_keeps_the_time_of_arrival_says_so_and_gives_the_brokers_time()
    {
        _topic = broker.NewTopic();
        await using var log = await OpenAsync(o => (o.TimestampType, o.Partitions) = ("LogAppendTime", 1));
        Assert.False(log.KeepsRecordTime);
        await log.AppendAsync([Record(0, 1, "x")], null, Token);
        using var batch = new RecordBatch();
        await log.ReadAsync(0, 0, batch, 1_000, Soon, Token);
        var age = TimeProvider.System.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(batch[0].RecordTimeMs);
        Assert.InRange(age, TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_topic_made_again_under_a_running_host_stops_reading_and_appending()
    {
        _topic = broker.NewTopic();
        var time = new FakeTimeProvider();
        await using var log = await OpenAsync(o => o.Partitions = 1, time);
        var known = log.Source.TopicId;
        using var batch = new RecordBatch();
        await log.ReadAsync(0, 0, batch, 1_000, TimeSpan.Zero, Token);
        await broker.DeleteTopicAsync(_topic);
        await broker.CreateTopicAsync(_topic, 1);

        Exception? failure = null;
        for (var i = 0; failure is null && i < 200; i++)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            failure = await Xunit.Record.ExceptionAsync(() => log.ReadAsync(0, 0, batch, 1_000, TimeSpan.FromMilliseconds(100), Token).AsTask());
        }

        Assert.Contains(known, Assert.IsType<CommitLogException>(failure).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LogUnavailableException>(() => log.AppendAsync([Record(0, 1, "x")], null, Token).AsTask());
    }

    [Fact]
    public async Task A_start_that_cannot_be_ends_in_one_line_that_says_why()
    {
        _topic = broker.NewTopic();
        await broker.StartAsync();
        await broker.CreateTopicAsync(_topic, 1, ("cleanup.policy", "compact"));

        await RefusedAsync("CommitLog:Kafka:CreateTopic", o => (o.Topic, o.CreateTopic) = ("not-there", false));
        await RefusedAsync("compacted", _ => { });
        await RefusedAsync("127.0.0.1:1 ", o => (o.BootstrapServers, o.StartTimeout) = ("127.0.0.1:1", TimeSpan.FromSeconds(1)));
        await RefusedAsync("no.such.property", o => o.Client["no.such.property"] = "1");
        await using (var holder = await OpenAsync(o => (o.Topic, o.Partitions) = (broker.NewTopic(), 1)))
        {
            await RefusedAsync("in use by another host", o => o.Topic = broker.NewTopic());
        }

        // TLS to a broker that does not speak it.
        await RefusedAsync("cannot be used", o => (o.Client["security_protocol"], o.StartTimeout) = ("ssl", TimeSpan.FromSeconds(1)));
    }

    protected override async Task<ICommitLog> CreateAsync(int partitions)
    {
        await broker.StartAsync();
        await _database.MigrateAsync();
        _topic = broker.NewTopic();
        return await OpenAsync(o => o.Partitions = partitions);
    }

    protected override async Task<ICommitLog> ReopenAsync(ICommitLog log)
    {
        await log.DisposeAsync();
        return await OpenAsync(_ => { });
    }

    private async Task RefusedAsync(string says, Action<KafkaLogOptions> change)
    {
        var refused = await Assert.ThrowsAsync<CommitLogException>(() => OpenAsync(change));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    private async Task<ICommitLog> OpenAsync(Action<KafkaLogOptions> change, TimeProvider? time = null)
    {
        var options = new KafkaLogOptions
        {
            BootstrapServers = await broker.StartAsync(),
            Topic = _topic,
            CreateTopic = true,
            TimestampType = "CreateTime",
            Retention = TimeSpan.Zero,
        };
        change(options);
        var log = new KafkaCommitLog(_database.Directory, Options.Create(options), _database.Reader, _database.Writer, time ?? TimeProvider.System, NullLogger<KafkaCommitLog>.Instance);
        try
        {
            await log.OpenAsync(Token);
            return log;
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }
}

using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>Makes the clients: what the guarantees rest on is set here, the rest comes from <c>CommitLog:Kafka:Client</c>.</summary>
internal sealed class KafkaClients(KafkaLogOptions options, ILogger logger)
{
    private static readonly long ErrorIntervalMs = (long)TimeSpan.FromSeconds(30).TotalMilliseconds;

    /// <summary>What librdkafka holds at least around a record that waits.</summary>
    private const int WaitingRecordBytes = 512;

    private readonly Lock _lock = new();
    private readonly Dictionary<ErrorCode, long> _errorAt = [];

    /// <summary>What a client last complained of; tells why a request timed out.</summary>
    public string? LastError { get; private set; }

    /// <summary>Describes and makes topics, over the lookup's connections: a client that is a consumer makes no topic by asking for it.</summary>
    public static IAdminClient Admin(IConsumer<Ignore, Ignore> lookup) => new DependentAdminClientBuilder(lookup.Handle).Build();

    public IProducer<TKey, byte[]> Producer<TKey>(int? maxMessageBytes, Action<Error> fatal)
    {
        var config = new ProducerConfig(Base())
        {
            EnableIdempotence = true,
            Acks = Acks.All,
            MessageTimeoutMs = (int)options.AppendTimeout.TotalMilliseconds,
            DeliveryReportFields = "status",
        };
        SetDefault(config, "linger.ms", "5");
        SetDefault(config, "queue.buffering.max.kbytes", "65536");
        // Connected before there is something to produce. A producer that first connects then has no id yet and asks for one only half a second after it was made,
        // which the first append would wait for; asking for the topic instead would make one again that was deleted.
        SetDefault(config, "enable.sparse.connections", "false");
        if (maxMessageBytes is { } bytes)
        {
            SetDefault(config, "message.max.bytes", $"{Math.Clamp(bytes, 1_000, 1_000_000_000)}");
        }

        return Build(() => new ProducerBuilder<TKey, byte[]>(config)
            .SetLogHandler((_, message) => Log.ClientLog(logger, "producer", message.Message))
            .SetErrorHandler((_, error) =>
            {
                Report("producer", error);
                if (error.IsFatal)
                {
                    fatal(error);
                }
            }).Build());
    }

    /// <summary>A consumer that reads nothing: it asks for watermarks and commits the group's offsets.</summary>
    /// <remarks>
    /// Not the admin client's ListOffsets and AlterConsumerGroupOffsets: a request of that client that times out while the broker is away can end the
    /// process (an assertion of librdkafka, github.com/confluentinc/librdkafka/issues/4605).
    /// </remarks>
    public IConsumer<Ignore, Ignore> Lookup()
    {
        var config = new ConsumerConfig(Base())
        {
            GroupId = options.GroupId,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            IsolationLevel = IsolationLevel.ReadUncommitted,
        };
        return Build(() => new ConsumerBuilder<Ignore, Ignore>(config)
            .SetLogHandler((_, message) =>
            {
                Log.ClientLog(logger, "lookup", message.Message);
                // Errors are told to a consumer that polls; this one never does, and its log alone says why a connection failed.
                if (message.Facility is "FAIL" or "ERROR")
                {
                    LastError = WithoutThread(message.Message);
                }
            })
            .SetErrorHandler((_, error) => Report("lookup", error)).Build());
    }

    /// <summary>The consumer behind a <see cref="ReadingClient"/>: it joins no group, commits nothing and resets nothing by itself.</summary>
    /// <param name="partitionBytes">What may be fetched ahead of a partition.</param>
    public IConsumer<Ignore, Ignore> Reader(long partitionBytes, Action<Error> fatal)
    {
        var config = new ConsumerConfig(Base())
        {
            GroupId = options.GroupId,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Error,
            CheckCrcs = true,
            EnablePartitionEof = false,
            QueuedMaxMessagesKbytes = (int)Math.Max(256, partitionBytes / 1_024),
        };
        // A record that waits takes far more memory than its bytes when those are few.
        SetDefault(config, "queued.min.messages", $"{Math.Clamp(partitionBytes / WaitingRecordBytes, 100, 1_000_000)}");
        SetDefault(config, "max.partition.fetch.bytes", $"{Math.Clamp(partitionBytes / 8, 65_536, 1_048_576)}");
        // When the pipeline does not keep up the fetcher rests this long before it looks again.
        SetDefault(config, "fetch.queue.backoff.ms", "20");
        // One request at a time asks for all partitions that have room. One that was full when it was sent waits until it is answered: with few others that have
        // something, that long.
        SetDefault(config, "fetch.wait.max.ms", "50");
        return Build(() => new ConsumerBuilder<Ignore, Ignore>(config)
            .SetLogHandler((_, message) => Log.ClientLog(logger, "consumer", message.Message))
            .SetErrorHandler((_, error) =>
            {
                Report("consumer", error);
                if (error.IsFatal)
                {
                    fatal(error);
                }
            }).Build());
    }

    /// <summary>The consumer by which this host is a member of the group: it says which partitions are the host's, and reads nothing.</summary>
    public IConsumer<Ignore, Ignore> Member(
        Func<List<TopicPartition>, IEnumerable<TopicPartitionOffset>> assigned, Action<List<TopicPartitionOffset>> revoked, Action<List<TopicPartitionOffset>> lost, Action<Error> fatal)
    {
        var config = new ConsumerConfig(Base())
        {
            GroupId = options.GroupId,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Error,
            AllowAutoCreateTopics = false,
            // What slips through before the partitions are paused.
            QueuedMinMessages = 1,
            QueuedMaxMessagesKbytes = 64,
        };
        SetDefault(config, "session.timeout.ms", "10000");
        // By its answer a member hears of a rebalance, which two of them take.
        SetDefault(config, "heartbeat.interval.ms", "1000");
        // New partitions of the topic are found by a member.
        SetDefault(config, "topic.metadata.refresh.interval.ms", "10000");
        return Build(() => new ConsumerBuilder<Ignore, Ignore>(config)
            .SetPartitionsAssignedHandler((_, partitions) => assigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => revoked(partitions))
            .SetPartitionsLostHandler((_, partitions) => lost(partitions))
            .SetLogHandler((_, message) => Log.ClientLog(logger, "member", message.Message))
            .SetErrorHandler((_, error) =>
            {
                Report("member", error);
                if (error.IsFatal)
                {
                    fatal(error);
                }
            }).Build());
    }

    /// <summary>Told by every client; written down at most twice a minute for each kind.</summary>
    private void Report(string client, Error error)
    {
        LastError = error.Reason;
        lock (_lock)
        {
            var now = Environment.TickCount64;
            if (_errorAt.TryGetValue(error.Code, out var at) && now - at < ErrorIntervalMs)
            {
                return;
            }

            _errorAt[error.Code] = now;
        }

        Log.ClientError(logger, client, error.Reason, error.Code.ToString());
    }

    private Dictionary<string, string> Base()
    {
        var config = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = options.BootstrapServers,
            ["client.id"] = "iot-analytics",
            // After an outage of the broker it is found again soon.
            ["reconnect.backoff.max.ms"] = "2000",
            ["topic.metadata.refresh.interval.ms"] = "60000",
        };
        foreach (var (key, value) in options.Client)
        {
            config[KafkaOptionsValidator.PropertyName(key)] = value;
        }

        return config;
    }

    /// <summary><c>[thrd:…]: </c> is for the library's authors.</summary>
    private static string WithoutThread(string message) =>
        message.StartsWith("[thrd:", StringComparison.Ordinal) && message.IndexOf("]: ", StringComparison.Ordinal) is > 0 and var end ? message[(end + 3)..] : message;

    private void SetDefault(Config config, string property, string value)
    {
        if (!options.Client.Keys.Any(k => KafkaOptionsValidator.PropertyName(k) == property))
        {
            config.Set(property, value);
        }
    }

    private static T Build<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new CommitLogException($"The Kafka client cannot be made from {KafkaLogOptions.Section}: {e.Message}", e);
        }
    }
}

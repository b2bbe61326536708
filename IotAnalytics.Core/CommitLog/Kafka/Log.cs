using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog.Kafka;

internal static partial class Log
{
    [LoggerMessage(EventIds.KafkaOpened, LogLevel.Information,
        "Commit log: Kafka cluster {Cluster}, topic {Topic} ({TopicId}), {Partitions} partitions, {TimestampType}; librdkafka {Version} ({Library}).")]
    public static partial void Opened(ILogger logger, string cluster, string topic, string topicId, int partitions, string timestampType, string version, string library);

    [LoggerMessage(EventIds.KafkaClosed, LogLevel.Information, "Commit log: Kafka topic {Topic} closed.")]
    public static partial void Closed(ILogger logger, string topic);

    [LoggerMessage(EventIds.KafkaTopicCreated, LogLevel.Information, "Commit log: Kafka topic {Topic} was made with {Partitions} partitions.")]
    public static partial void TopicCreated(ILogger logger, string topic, int partitions);

    [LoggerMessage(EventIds.KafkaClientError, LogLevel.Warning, "Kafka {Client}: {Reason} ({Code}); it goes on trying.")]
    public static partial void ClientError(ILogger logger, string client, string reason, string code);

    [LoggerMessage(EventIds.KafkaClientLog, LogLevel.Debug, "Kafka {Client}: {Message}")]
    public static partial void ClientLog(ILogger logger, string client, string message);

    [LoggerMessage(EventIds.KafkaConsumerRebuilt, LogLevel.Warning, "Kafka partition {Partition}: the consumer is made anew at offset {Offset}: {Reason}")]
    public static partial void ConsumerRebuilt(ILogger logger, int partition, long offset, string reason);

    [LoggerMessage(EventIds.KafkaProducerRebuilt, LogLevel.Warning, "Kafka: the producer is made anew: {Reason}")]
    public static partial void ProducerRebuilt(ILogger logger, string reason);

    [LoggerMessage(EventIds.KafkaOffsetsNotCommitted, LogLevel.Debug, "Kafka: offsets of group {Group} were not committed ({Reason}); only lag tools miss them.")]
    public static partial void OffsetsNotCommitted(ILogger logger, string group, string reason);

    [LoggerMessage(EventIds.KafkaTopicLost, LogLevel.Critical, "{Reason}")]
    public static partial void TopicLost(ILogger logger, string reason);

    [LoggerMessage(EventIds.KafkaPartitionsGrown, LogLevel.Warning,
        "Kafka topic {Topic} now has {Now} partitions instead of {Known}: from here on sensors are in other partitions than before.")]
    public static partial void PartitionsGrown(ILogger logger, string topic, int now, int known);

    [LoggerMessage(EventIds.KafkaPartitionsAssigned, LogLevel.Information, "Kafka group {Group} gives this host the partitions {Partitions}; it has {Held} now.")]
    public static partial void PartitionsAssigned(ILogger logger, string group, IEnumerable<int> partitions, int held);

    [LoggerMessage(EventIds.KafkaPartitionsRevoked, LogLevel.Information, "Kafka group {Group} takes back the partitions {Partitions}; this host has {Held} now.")]
    public static partial void PartitionsRevoked(ILogger logger, string group, IEnumerable<int> partitions, int held);

    [LoggerMessage(EventIds.KafkaPartitionsLost, LogLevel.Warning, "Kafka group {Group} went on without this host, which was not heard in time; the partitions {Partitions} are lost.")]
    public static partial void PartitionsLost(ILogger logger, string group, IEnumerable<int> partitions);

    [LoggerMessage(EventIds.KafkaMemberRebuilt, LogLevel.Warning, "Kafka group {Group} is joined anew: {Reason}")]
    public static partial void MemberRebuilt(ILogger logger, string group, string reason);

    [LoggerMessage(EventIds.KafkaGroupNotLeft, LogLevel.Warning, "Kafka group {Group} could not be told that this host leaves ({Reason}); the others wait for its session to end.")]
    public static partial void GroupNotLeft(ILogger logger, string group, string reason);

    [LoggerMessage(EventIds.KafkaSettingsUnknown, LogLevel.Warning, "Kafka topic {Topic}: its settings could not be read ({Reason}); the host goes by the defaults.")]
    public static partial void SettingsUnknown(ILogger logger, string topic, string reason);

    [LoggerMessage(EventIds.KafkaDeadLettersNotSent, LogLevel.Warning,
        "The dead-letter topic {Topic} does not take dead letters: {Reason}. They are in the database and in bronze; within the next minute nothing waits for the topic.")]
    public static partial void DeadLettersNotSent(ILogger logger, string topic, string reason);
}

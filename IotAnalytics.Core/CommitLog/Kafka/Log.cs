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
        "Kafka topic {Topic} now has {Now} partitions, but {Known} are read; start the host again to read the new ones.")]
    public static partial void PartitionsGrown(ILogger logger, string topic, int now, int known);

    [LoggerMessage(EventIds.KafkaSettingsUnknown, LogLevel.Warning, "Kafka topic {Topic}: its settings could not be read ({Reason}); the host goes by the defaults.")]
    public static partial void SettingsUnknown(ILogger logger, string topic, string reason);
}

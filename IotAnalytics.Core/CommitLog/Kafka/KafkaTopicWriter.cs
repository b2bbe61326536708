using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// Writes records into a topic without a host: idempotent, acknowledged by all in-sync replicas. The client queues at most 64 MiB. Safe for several threads.
/// </summary>
internal sealed class KafkaTopicWriter : IDisposable
{
    private static readonly TimeSpan OpenWithin = TimeSpan.FromSeconds(10);

    private readonly KafkaTopic _topic;
    private readonly IProducer<byte[]?, byte[]> _producer;
    private volatile string? _failure;

    private KafkaTopicWriter(KafkaClients clients, KafkaTopic topic)
    {
        _topic = topic;
        _producer = clients.Producer<byte[]?>(topic.MaxMessageBytes, error => Fail(error.Reason));
    }

    public int Partitions => _topic.Partitions;

    /// <param name="client">Properties of librdkafka, validated (<see cref="KafkaOptionsValidator"/>).</param>
    /// <param name="needsRecordTime">The topic must keep the records' time.</param>
    /// <exception cref="CommitLogException">The cluster cannot be reached, or the topic is missing or unsuited.</exception>
    public static async Task<KafkaTopicWriter> OpenAsync(
        KafkaTargetAddress address, Dictionary<string, string> client, bool needsRecordTime, CancellationToken cancellationToken)
    {
        var options = new KafkaLogOptions { BootstrapServers = address.BootstrapServers, Topic = address.Topic, Client = client, StartTimeout = OpenWithin };
        var clients = new KafkaClients(options, NullLogger.Instance);
        using var lookup = clients.Lookup();
        using var admin = KafkaClients.Admin(lookup);
        var topic = await KafkaTopic.OpenAsync(admin, clients, options, NullLogger.Instance, cancellationToken).ConfigureAwait(false);
        return needsRecordTime && topic.TimestampType != "CreateTime"
            ? throw new CommitLogException(
                $"--record-time event: Kafka topic '{topic.Name}' keeps the time of arrival (message.timestamp.type is {topic.TimestampType}); history needs a topic with CreateTime.")
            : new KafkaTopicWriter(clients, topic);
    }

    /// <summary>Queues a record, or returns false: the queue is full.</summary>
    /// <param name="written">Called on the producer's thread once the record is acknowledged.</param>
    /// <exception cref="CommitLogException">This record, or one before, was not taken.</exception>
    public bool TryWrite(LogRecord record, byte[]? key, Action written)
    {
        ThrowIfFailed();
        try
        {
            _producer.Produce(
                new TopicPartition(_topic.Name, record.Partition),
                new Message<byte[]?, byte[]> { Key = key, Value = record.Value.ToArray(), Timestamp = new Timestamp(record.RecordTimeMs, TimestampType.CreateTime) },
                report =>
                {
                    if (report.Error.IsError || report.Status == PersistenceStatus.NotPersisted)
                    {
                        Fail(report.Error.Reason);
                    }
                    else
                    {
                        written();
                    }
                });
            return true;
        }
        catch (ProduceException<byte[]?, byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
        catch (ProduceException<byte[]?, byte[]> e)
        {
            throw Failure(e.Error.Code == ErrorCode.MsgSizeTooLarge
                ? $"a record of {record.Value.Length} bytes is above its max.message.bytes ({_topic.MaxMessageBytes})"
                : e.Error.Reason);
        }
    }

    /// <summary>Waits until every queued record is acknowledged; blocks.</summary>
    /// <exception cref="CommitLogException">One was not.</exception>
    public void Flush(CancellationToken cancellationToken)
    {
        _producer.Flush(cancellationToken);
        ThrowIfFailed();
    }

    public void Dispose() => _producer.Dispose();

    // On the producer's thread; the first reason stays.
    private void Fail(string reason) => _failure ??= reason;

    private CommitLogException Failure(string reason) => new($"Kafka topic '{_topic.Name}' did not take the readings: {reason}.");

    private void ThrowIfFailed()
    {
        if (_failure is { } reason)
        {
            throw Failure(reason);
        }
    }
}

using Confluent.Kafka;
using IotAnalytics.Core.Simulation.Targets;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// Produces readings straight into a topic, as a host does: idempotent, acknowledged by all in-sync replicas, one NDJSON record for each partition that a
/// body touches. A body of one reading becomes a record with the sensor id as its key. The client queues at most 64 MiB; a full queue waits.
/// </summary>
internal sealed class KafkaReadingsTarget : IReadingsTarget
{
    private static readonly TimeSpan QueueFullWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan OpenWithin = TimeSpan.FromSeconds(10);

    private readonly KafkaTopic _topic;
    private readonly bool _recordTimeFromEvents;
    private readonly TimeProvider _time;
    private readonly IProducer<byte[]?, byte[]> _producer;
    private long _accepted;
    private volatile ReadingsTargetException? _failure;

    private KafkaReadingsTarget(KafkaClients clients, KafkaTopic topic, bool recordTimeFromEvents, TimeProvider time)
    {
        (_topic, _recordTimeFromEvents, _time) = (topic, recordTimeFromEvents, time);
        _producer = clients.Producer<byte[]?>(topic.MaxMessageBytes, error => Fail(error.Reason));
    }

    public long Accepted => Interlocked.Read(ref _accepted);

    public long Rejected => 0;

    /// <summary>The client repeats by itself and does not count.</summary>
    public long Retries => 0;

    /// <param name="client">Properties of librdkafka, validated (<see cref="KafkaOptionsValidator"/>).</param>
    /// <param name="recordTimeFromEvents">The newest event time of a body becomes its record time; needs a topic that keeps it.</param>
    /// <exception cref="CommitLogException">The cluster cannot be reached, or the topic is missing or unsuited.</exception>
    public static async Task<KafkaReadingsTarget> OpenAsync(
        KafkaTargetAddress address, Dictionary<string, string> client, bool recordTimeFromEvents, TimeProvider time, CancellationToken cancellationToken)
    {
        var options = new KafkaLogOptions { BootstrapServers = address.BootstrapServers, Topic = address.Topic, Client = client, StartTimeout = OpenWithin };
        var clients = new KafkaClients(options, NullLogger.Instance);
        using var lookup = clients.Lookup();
        using var admin = KafkaClients.Admin(lookup);
        var topic = await KafkaTopic.OpenAsync(admin, clients, options, NullLogger.Instance, cancellationToken).ConfigureAwait(false);
        return recordTimeFromEvents && topic.TimestampType != "CreateTime"
            ? throw new CommitLogException(
                $"--record-time event: Kafka topic '{topic.Name}' keeps the time of arrival (message.timestamp.type is {topic.TimestampType}); history needs a topic with CreateTime.")
            : new KafkaReadingsTarget(clients, topic, recordTimeFromEvents, time);
    }

    public async Task SendAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var lines = TargetLines.Read(body.Span, _topic.Partitions);
        var nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var timestamp = new Timestamp(_recordTimeFromEvents ? Math.Min(nowMs, lines.NewestEventMs ?? nowMs) : nowMs, TimestampType.CreateTime);
        foreach (var record in lines.Records)
        {
            var message = new Message<byte[]?, byte[]> { Key = lines.OnlySensor, Value = record.Value, Timestamp = timestamp };
            while (!TryProduce(record, message))
            {
                await Task.Delay(QueueFullWait, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await Task.Run(() => _producer.Flush(cancellationToken), cancellationToken).ConfigureAwait(false);
        ThrowIfFailed();
    }

    public void Dispose() => _producer.Dispose();

    private bool TryProduce(TargetRecord record, Message<byte[]?, byte[]> message)
    {
        ThrowIfFailed();
        try
        {
            _producer.Produce(
                new TopicPartition(_topic.Name, record.Partition),
                message,
                report =>
                {
                    if (report.Error.IsError || report.Status == PersistenceStatus.NotPersisted)
                    {
                        Fail(report.Error.Reason);
                    }
                    else
                    {
                        Interlocked.Add(ref _accepted, record.Readings);
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
            throw Failure(e.Error.Reason, e);
        }
    }

    // On the producer's thread; the first reason stays.
    private void Fail(string reason) => _failure ??= Failure(reason, inner: null);

    private ReadingsTargetException Failure(string reason, Exception? inner) => new($"Kafka topic '{_topic.Name}' did not take the readings: {reason}", inner);

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new ReadingsTargetException(failure.Message, failure);
        }
    }
}

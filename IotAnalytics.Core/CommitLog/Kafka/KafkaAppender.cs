using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// Produces records: idempotent, acknowledged by all in-sync replicas. The client queues at most 64 MiB; beyond that the cluster does not keep up.
/// A producer that met a fatal error is replaced.
/// </summary>
internal sealed class KafkaAppender : IDisposable
{
    /// <summary>At least what a batch of one record takes beside the value.</summary>
    private const int HeaderBytes = 128;
    private static readonly TimeSpan FlushAtClose = TimeSpan.FromSeconds(10);
    private readonly KafkaClients _clients;
    private readonly KafkaTopic _topic;
    private readonly KafkaBounds _bounds;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private IProducer<Null, byte[]> _producer;
    private volatile string? _fatal;

    public KafkaAppender(KafkaClients clients, KafkaTopic topic, KafkaBounds bounds, ILogger logger)
    {
        (_clients, _topic, _bounds, _logger) = (clients, topic, bounds, logger);
        _producer = Make();
    }

    /// <exception cref="RecordTooLargeException">Nothing was appended.</exception>
    /// <exception cref="LogUnavailableException">Not acknowledged; of several records some may have been stored.</exception>
    public async ValueTask<IReadOnlyList<LogPosition>> AppendAsync(IReadOnlyList<LogRecord> records)
    {
        ThrowIfTooLarge(records);
        var started = Stopwatch.GetTimestamp();
        var pending = new PendingAppend(records);
        var producer = Current();
        var bytes = 0L;
        for (var i = 0; i < records.Count; i++)
        {
            bytes += records[i].Value.Length;
            try
            {
                producer.Produce(
                    new TopicPartition(_topic.Name, records[i].Partition),
                    new Message<Null, byte[]> { Value = Bytes(records[i].Value), Timestamp = new Timestamp(records[i].RecordTimeMs, TimestampType.CreateTime) },
                    pending.Handler(i));
            }
            catch (Exception e) when (e is ProduceException<Null, byte[]> or ObjectDisposedException)
            {
                pending.Fail(e is KafkaException { Error.Code: ErrorCode.Local_QueueFull } ? "the cluster does not keep up" : e.Message, e);
                pending.Skip(records.Count - i);
                break;
            }
        }

        try
        {
            var positions = await pending.Task.ConfigureAwait(false);
            foreach (var position in positions)
            {
                _bounds.Raise(position.Partition, position.Offset + 1);
            }

            CommitLogMeters.Records.Add(records.Count);
            CommitLogMeters.Bytes.Add(bytes);
            KafkaMeters.AckSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
            return positions;
        }
        catch (LogUnavailableException)
        {
            CommitLogMeters.Refused.Add(1, new KeyValuePair<string, object?>("reason", "unavailable"));
            throw;
        }
    }

    /// <summary>Lets the producer look at the topic: it refuses partitions that it does not know.</summary>
    public void Refresh(TimeSpan timeout)
    {
        // Under the lock nobody replaces and closes the producer meanwhile.
        lock (_lock)
        {
            using var admin = new DependentAdminClientBuilder(_producer.Handle).Build();
            admin.GetMetadata(_topic.Name, timeout);
        }
    }

    /// <summary>Lets what is under way end, then closes.</summary>
    public void Dispose()
    {
        _producer.Flush(FlushAtClose);
        _producer.Dispose();
    }

    /// <summary>Before anything is produced: the broker would take the other records.</summary>
    private void ThrowIfTooLarge(IReadOnlyList<LogRecord> records)
    {
        if (_topic.MaxMessageBytes is not { } limit)
        {
            return;
        }

        for (var i = 0; i < records.Count; i++)
        {
            if (records[i].Value.Length > limit - HeaderBytes)
            {
                CommitLogMeters.Refused.Add(1, new KeyValuePair<string, object?>("reason", "too_large"));
                throw new RecordTooLargeException(records[i].Value.Length, Math.Max(0, limit - HeaderBytes));
            }
        }
    }

    private IProducer<Null, byte[]> Current()
    {
        if (_fatal is null)
        {
            return _producer;
        }

        lock (_lock)
        {
            if (_fatal is { } reason)
            {
                Log.ProducerRebuilt(_logger, reason);
                KafkaMeters.Rebuilt("producer");
                var old = _producer;
                _producer = Make();
                _fatal = null;
                // Its appends were failed by the error; disposing waits for its thread.
                _ = Task.Run(old.Dispose);
            }

            return _producer;
        }
    }

    private IProducer<Null, byte[]> Make() => _clients.Producer<Null>(_topic.MaxMessageBytes, error => _fatal = error.Reason);

    private static byte[] Bytes(ReadOnlyMemory<byte> value) =>
        MemoryMarshal.TryGetArray(value, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : value.ToArray();

    /// <summary>Gathers the reports of an append's records. Reports come on the producer's thread.</summary>
    private sealed class PendingAppend(IReadOnlyList<LogRecord> records) : TaskCompletionSource<IReadOnlyList<LogPosition>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private readonly LogPosition[] _positions = new LogPosition[records.Count];
        private int _left = records.Count;
        private LogUnavailableException? _failure;

        public Action<DeliveryReport<Null, byte[]>> Handler(int index) => report =>
        {
            if (report.Error.IsError || report.Status == PersistenceStatus.NotPersisted)
            {
                Fail(report.Error.Reason, inner: null);
            }
            else
            {
                _positions[index] = new LogPosition(records[index].Partition, Math.Max(-1, report.Offset.Value));
            }

            Skip(1);
        };

        public void Fail(string reason, Exception? inner) =>
            Interlocked.CompareExchange(ref _failure, new LogUnavailableException($"Kafka has not acknowledged the append: {reason}", inner), null);

        public void Skip(int reports)
        {
            if (Interlocked.Add(ref _left, -reports) > 0)
            {
                return;
            }

            if (_failure is { } failure)
            {
                TrySetException(failure);
            }
            else
            {
                TrySetResult(_positions);
            }
        }
    }
}

using System.Buffers;
using Confluent.Kafka;
using IotAnalytics.Benchmarks.Throughput;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;

namespace IotAnalytics.Benchmarks.Production;

/// <summary>
/// Readings of a fleet put into a topic as foreign producers do: keyed by sensor, one reading a record, or many of one partition's sensors as NDJSON.
/// Every (sensor, event time) is there once, so that each can be told from all others.
/// </summary>
internal sealed class ProducedReadings : IDisposable
{
    private const byte NewLine = (byte)'\n';
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly SensorSimulator _simulator;
    private readonly ArrayBufferWriter<byte> _lines = new();
    private readonly ArrayBufferWriter<byte>[] _records;
    private readonly int[] _counts;
    private readonly string _topic;
    private readonly int _batch;
    private string? _failure;

    public ProducedReadings(string servers, string topic, int partitions, SensorProfile profile, SimulationOptions fleet, int batch)
    {
        (_topic, _batch) = (topic, batch);
        _simulator = new SensorSimulator(profile, fleet);
        _records = [.. Enumerable.Range(0, partitions).Select(_ => new ArrayBufferWriter<byte>())];
        _counts = new int[partitions];
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = servers,
            EnableIdempotence = true,
            LingerMs = 5,
            BatchSize = 1_000_000,
            QueueBufferingMaxMessages = 500_000,
            MessageTimeoutMs = 600_000,
            DeliveryReportFields = "status",
        }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
    }

    /// <summary>Readings produced so far.</summary>
    public long Count { get; private set; }

    /// <summary>Records produced so far.</summary>
    public long Records { get; private set; }

    /// <summary>The next readings of the fleet, in turns. Returns when they are queued; <see cref="Flush"/> waits for the broker.</summary>
    public void Produce(int count, double firstEventMs, double stepMs)
    {
        for (var done = 0; done < count;)
        {
            var part = Math.Min(10_000, count - done);
            _lines.ResetWrittenCount();
            _simulator.NextBatch(part, firstEventMs + (done * stepMs), stepMs, _lines, truth: null);
            Divide(_lines.WrittenSpan);
            done += part;
        }
    }

    /// <summary>Returns when the broker has everything.</summary>
    public void Flush(CancellationToken cancellationToken)
    {
        for (var p = 0; p < _records.Length; p++)
        {
            Send(p, key: null);
        }

        _producer.Flush(cancellationToken);
        if (_failure is not null)
        {
            throw new MeasurementException($"The producer failed: {_failure}");
        }
    }

    public void Dispose() => _producer.Dispose();

    private void Divide(ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            var length = lines.IndexOf(NewLine) + 1;
            var line = lines[..length];
            var id = IdOf(line);
            var partition = Core.CommitLog.Partitioner.Murmur2(id, _records.Length);
            _records[partition].Write(_batch == 1 ? line[..^1] : line);
            _counts[partition]++;
            if (_counts[partition] == _batch)
            {
                Send(partition, _batch == 1 ? id.ToArray() : null);
            }

            Count++;
            lines = lines[length..];
        }
    }

    private void Send(int partition, byte[]? key)
    {
        if (_counts[partition] == 0)
        {
            return;
        }

        var message = new Message<byte[], byte[]> { Key = key!, Value = _records[partition].WrittenSpan.ToArray() };
        while (true)
        {
            try
            {
                _producer.Produce(new TopicPartition(_topic, partition), message, report => _failure ??= report.Error.IsError ? report.Error.Reason : null);
                break;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                _producer.Poll(TimeSpan.FromMilliseconds(50));
            }
        }

        Records++;
        _records[partition].ResetWrittenCount();
        _counts[partition] = 0;
    }

    /// <summary>The simulator writes the id first.</summary>
    private static ReadOnlySpan<byte> IdOf(ReadOnlySpan<byte> line)
    {
        var value = line[(line.IndexOf("\"sensor_id\":\""u8) + 13)..];
        return value[..value.IndexOf((byte)'"')];
    }
}

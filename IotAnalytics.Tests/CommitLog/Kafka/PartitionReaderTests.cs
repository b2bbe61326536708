using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Text;
using Confluent.Kafka;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Kafka;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Tests.CommitLog.Kafka;

/// <summary>The watchdog of a partition's reader, with a second of patience instead of half a minute.</summary>
[Collection(KafkaTests.Name)]
public sealed class PartitionReaderTests(KafkaBroker broker) : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly Messages _logger = new();
    private readonly string _topic = broker.NewTopic();
    private KafkaLogOptions _options = new();
    private ReadingClients? _clients;
    private IConsumer<Ignore, Ignore>? _lookup;
    private PartitionReader? _reader;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private int Rebuilt => _logger.All.Count(m => m.Contains("records wait, but none came", StringComparison.Ordinal));

    public async ValueTask InitializeAsync()
    {
        _options = new KafkaLogOptions { BootstrapServers = await broker.StartAsync(), Topic = _topic };
        await broker.CreateTopicAsync(_topic, 1);
        var clients = new KafkaClients(_options, _logger);
        _lookup = clients.Lookup();
        _clients = new ReadingClients(clients, _topic, 1 << 20);
        _reader = new PartitionReader(_clients, 0, new KafkaBounds(_lookup, new ClientCalls(), _topic), () => null, _logger) { StuckMs = 1_000 };
    }

    public async ValueTask DisposeAsync()
    {
        if (_reader is not null)
        {
            await _reader.DisposeAsync();
            await _clients!.CloseAsync();
            _lookup!.Dispose();
        }
    }

    [Fact]
    public async Task A_client_that_no_longer_brings_what_there_is_is_replaced()
    {
        await ProduceAsync("first");
        Assert.Equal("first@0", await ReadAsync(0));
        var (before, sick) = (Rebuilt, _clients!.Current());
        Pause(sick);
        await ProduceAsync("second");

        Assert.Equal("second@1", await ReadAsync(1));

        // The same client is tried anew once, then it is given up.
        Assert.NotSame(sick, _clients.Current());
        Assert.Equal(before + 2, Rebuilt);
        await sick.Closed.WaitAsync(Soon, Cancel);
    }

    [Fact]
    public async Task A_transaction_that_hangs_is_waited_for_without_end_of_new_clients()
    {
        await ProduceAsync("first");
        Assert.Equal("first@0", await ReadAsync(0));
        var before = Rebuilt;
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = _options.BootstrapServers, TransactionalId = _topic }).Build();
        producer.InitTransactions(Soon);
        producer.BeginTransaction();
        await producer.ProduceAsync(_topic, new Message<Null, string> { Value = "late" }, Cancel);

        for (var began = Stopwatch.GetTimestamp(); Rebuilt < before + 2 && Stopwatch.GetElapsedTime(began) < Soon;)
        {
            Assert.Equal("", await ReadAsync(1, TimeSpan.FromSeconds(1)));
        }

        Assert.Equal("", await ReadAsync(1, TimeSpan.FromSeconds(3)));
        Assert.Equal(before + 2, Rebuilt);
        producer.CommitTransaction();

        Assert.Equal("late@1", await ReadAsync(1));
        Assert.Equal(before + 2, Rebuilt);
    }

    private async Task ProduceAsync(string value)
    {
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = _options.BootstrapServers }).Build();
        await producer.ProduceAsync(_topic, new Message<Null, string> { Value = value }, Cancel);
    }

    /// <summary>What comes from this offset, <c>value@offset</c>, or nothing.</summary>
    private async Task<string> ReadAsync(long offset, TimeSpan? within = null)
    {
        using var batch = new RecordBatch();
        await _reader!.ReadAsync(offset, batch, 1_000, within ?? Soon, Cancel);
        return batch.Count == 0 ? "" : $"{Encoding.UTF8.GetString(batch.Value(0))}@{batch[0].Offset}";
    }

    /// <summary>A broker and a network that fail like this are hard to come by: the client is told behind the reader's back to fetch nothing more.</summary>
    private void Pause(ReadingClient client)
    {
        var consumer = (IConsumer<Ignore, Ignore>)typeof(ReadingClient).GetField("_consumer", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(client)!;
        consumer.Pause([new TopicPartition(_topic, 0)]);
    }

    private sealed class Messages : ILogger
    {
        public ConcurrentQueue<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue(formatter(state, exception));
    }
}

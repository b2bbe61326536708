using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace IotAnalytics.Tests.Fixtures;

/// <summary>
/// One real broker for all tests of a run, started by the first that needs it. Tests that share it run one after the other. <c>IOT_TEST_KAFKA</c> is
/// the address of one that runs already; tests that would have to kill it are skipped then.
/// </summary>
public sealed class KafkaBroker : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"iot-kafka-{Environment.ProcessId}-{Guid.NewGuid():N}");
    private readonly string _topicPrefix = $"readings-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly SemaphoreSlim _starting = new(1, 1);
    private string? _program;
    private string? _servers;
    private int _port;
    private int _topics;
    private bool _isDown;

    /// <summary>Further properties of the broker, given its port.</summary>
    internal Func<int, string> Properties { get; init; } = _ => "";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The bootstrap address. Skips or fails the test when there is no broker to start.</summary>
    public async Task<string> StartAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_servers is null && TestEnvironment.RunningServer("IOT_TEST_KAFKA") is { } running)
            {
                _servers = running;
            }
            else if (_servers is null)
            {
                _program = TestEnvironment.RequireServers("kafka/kafka");
                TestEnvironment.RequireProgram("java");
                _port = FreePort();
                _servers = (await RunAsync("start", $"{_port}")).Trim();
            }
            else if (_isDown)
            {
                await RestartAsync();
            }

            return _servers;
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>A name that no other test uses.</summary>
    public string NewTopic() => $"{_topicPrefix}-{Interlocked.Increment(ref _topics)}";

    /// <summary>Ends the broker as a crash does; its data stay.</summary>
    public async Task KillAsync()
    {
        if (_program is null)
        {
            Assert.Skip("the broker of IOT_TEST_KAFKA is not for this test to kill");
        }

        _isDown = true;
        await RunAsync("kill");
    }

    public async Task RestartAsync()
    {
        await RunAsync("start", $"{_port}");
        _isDown = false;
    }

    public async Task DeleteTopicAsync(string topic)
    {
        using var admin = await AdminAsync();
        await admin.DeleteTopicsAsync([topic]);
    }

    /// <summary>Makes the broker forget the records below an offset, as its retention does.</summary>
    public async Task DeleteRecordsAsync(string topic, int partition, long below)
    {
        using var admin = await AdminAsync();
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, partition, below)]);
    }

    public async Task CreateTopicAsync(string topic, int partitions, params (string Key, string Value)[] settings)
    {
        using var admin = await AdminAsync();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, Configs = settings.ToDictionary(s => s.Key, s => s.Value) }]);
    }

    /// <summary>Makes a topic larger.</summary>
    public async Task AddPartitionsAsync(string topic, int total)
    {
        using var admin = await AdminAsync();
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = total }]);
    }

    /// <summary>The offset that the group has committed, or -1001.</summary>
    public async Task<long> CommittedAsync(string group, string topic, int partition)
    {
        using var admin = await AdminAsync();
        var result = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, [new TopicPartition(topic, partition)])]);
        return result[0].Partitions[0].Offset.Value;
    }

    public async ValueTask DisposeAsync()
    {
        if (_program is not null && Directory.Exists(_folder))
        {
            await RunAsync("kill");
            Directory.Delete(_folder, recursive: true);
        }

        _starting.Dispose();
    }

    private async Task<IAdminClient> AdminAsync() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = await StartAsync() })
        .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();

    private async Task<string> RunAsync(string verb, params string[] more)
    {
        var start = new ProcessStartInfo(_program!, [verb, _folder, .. more]) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Up soon, also after a kill, at the price of speed later.
        start.Environment["KAFKA_HEAP"] = "256m";
        start.Environment["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
        start.Environment["KAFKA_PROPERTIES"] = $"broker.session.timeout.ms=2000\nbroker.heartbeat.interval.ms=500\n{Properties(_port)}";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"kafka {verb}: {await errors}");
        return await output;
    }

    /// <summary>With the next one, which the controller takes, free too.</summary>
    private static int FreePort()
    {
        for (var tries = 0; ; tries++)
        {
            using var first = new TcpListener(IPAddress.Loopback, 0);
            first.Start();
            var port = ((IPEndPoint)first.LocalEndpoint).Port;
            try
            {
                using var second = new TcpListener(IPAddress.Loopback, port + 1);
                second.Start();
                return port;
            }
            catch (SocketException) when (tries < 20)
            {
                // Taken: another pair.
            }
        }
    }
}

/// <summary>The tests that share the broker.</summary>
[CollectionDefinition(Name)]
public sealed class KafkaTests : ICollectionFixture<KafkaBroker>
{
    public const string Name = "Kafka";
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using IotAnalytics.Benchmarks.Throughput;
using IotAnalytics.Core.Lake.Stores.S3;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace IotAnalytics.Benchmarks.Production;

/// <summary>
/// A real Kafka broker, PostgreSQL and S3 server of this run's own, below one folder. The programs that start them lie in a folder given by
/// <c>--servers</c> or <c>IOT_TEST_SERVERS</c>: <c>kafka/kafka</c>, <c>postgres</c> and <c>s3/s3</c> with the verbs start, stop, kill, pause and resume.
/// </summary>
internal sealed class Servers : IAsyncDisposable
{
    public const string S3Key = "iot-benchmark";
    public const string S3Secret = "iot-benchmark-secret-of-this-run";
    private readonly string _programs;
    private readonly string _folder;
    private readonly Dictionary<string, int> _ports = [];

    private Servers(string programs, string folder) => (_programs, _folder) = (programs, folder);

    /// <summary><c>host:port</c>.</summary>
    public string Kafka { get; private set; } = "";

    /// <summary>Connection string.</summary>
    public string PostgreSql { get; private set; } = "";

    /// <summary>URL.</summary>
    public string S3 { get; private set; } = "";

    public static async Task<Servers> StartAsync(string? programs, string folder, CancellationToken cancellationToken)
    {
        programs ??= Environment.GetEnvironmentVariable("IOT_TEST_SERVERS");
        if (programs is null || !File.Exists(Path.Combine(programs, "kafka", "kafka")))
        {
            throw new MeasurementException("No folder of servers: give --servers, or set IOT_TEST_SERVERS. It must have kafka/kafka, postgres and s3/s3.");
        }

        if (!OperatingSystem.IsWindows())
        {
            // PostgreSQL runs as a user of its own where this is root.
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        var servers = new Servers(programs, folder);
        await Task.WhenAll(
            servers.StartKafkaAsync(cancellationToken), servers.StartPostgreSqlAsync(cancellationToken), servers.StartS3Async(cancellationToken));
        return servers;
    }

    public async Task StartKafkaAsync(CancellationToken cancellationToken) => Kafka = await RunAsync("kafka/kafka", "start", cancellationToken, Port("kafka"));

    public async Task StartPostgreSqlAsync(CancellationToken cancellationToken) => PostgreSql = await RunAsync("postgres", "start", cancellationToken, Port("postgres"));

    public async Task StartS3Async(CancellationToken cancellationToken) => S3 = await RunAsync("s3/s3", "start", cancellationToken, Port("s3"));

    /// <summary><c>stop</c>, <c>kill</c>, <c>pause</c>, <c>resume</c> or <c>restart</c> of <c>kafka/kafka</c>, <c>postgres</c> or <c>s3/s3</c>.</summary>
    public Task DoAsync(string program, string verb, CancellationToken cancellationToken) => RunAsync(program, verb, cancellationToken);

    public async Task CreateTopicAsync(string topic, int partitions)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Kafka }).Build();
        await admin.CreateTopicsAsync(
            [new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1, Configs = new() { ["message.timestamp.type"] = "LogAppendTime" } }]);
    }

    /// <summary>The connection string of a new database.</summary>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(PostgreSql);
        await connection.OpenAsync(cancellationToken);
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync(cancellationToken);
        // This server trusts the loopback; a host refuses passwords as plain as its own.
        return new NpgsqlConnectionStringBuilder(PostgreSql) { Database = name, Password = null }.ConnectionString;
    }

    public S3LakeStore Store() => new(
        new S3StoreOptions { ServiceUrl = S3, AccessKeyId = S3Key, SecretAccessKey = S3Secret }, TimeProvider.System, NullLogger<S3LakeStore>.Instance);

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        foreach (var program in (string[])["kafka/kafka", "postgres", "s3/s3"])
        {
            await RunAsync(program, "kill", CancellationToken.None);
        }
    }

    private string Port(string name)
    {
        if (!_ports.TryGetValue(name, out var port))
        {
            _ports[name] = port = FreePort();
        }

        return $"{port}";
    }

    private async Task<string> RunAsync(string program, string verb, CancellationToken cancellationToken, params string[] more)
    {
        var folder = Path.Combine(_folder, Path.GetFileName(program));
        var start = new ProcessStartInfo(Path.Combine(_programs, program), [verb, folder, .. more]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["S3_ACCESS_KEY"] = S3Key;
        start.Environment["S3_SECRET_KEY"] = S3Secret;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? (await output).Trim() : throw new MeasurementException($"{program} {verb}: {await errors}");
    }

    /// <summary>With the next one free too, which Kafka's controller takes. Below the ports that connections go out from: while a server is away, a client that
    /// tries again and again would sooner or later take the server's own.</summary>
    private static int FreePort()
    {
        while (true)
        {
            var port = System.Security.Cryptography.RandomNumberGenerator.GetInt32(15_000, 32_000);
            using var first = new TcpListener(IPAddress.Loopback, port);
            using var second = new TcpListener(IPAddress.Loopback, port + 1);
            try
            {
                first.Start();
                second.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another pair.
            }
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using IotAnalytics.Tests.Architecture;
using IotAnalytics.Tests.EndToEnd;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Deployment.Compose;

/// <summary>
/// Real servers with the settings that docker-compose.yml gives them, as far as these are not about containers: Kafka's properties, the roles' script and
/// passwords of PostgreSQL, the command of the S3 server.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class ComposeServers(ComposeFile compose, IReadOnlyDictionary<string, string> variables, string folder) : IAsyncDisposable
{
    /// <summary>What is about the container or the machine, and what the outside program sets itself.</summary>
    private static readonly HashSet<string> OfTheContainer =
    [
        "KAFKA_NODE_ID", "KAFKA_PROCESS_ROLES", "KAFKA_CONTROLLER_QUORUM_VOTERS", "KAFKA_LISTENERS", "KAFKA_ADVERTISED_LISTENERS", "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
        "KAFKA_CONTROLLER_LISTENER_NAMES", "KAFKA_INTER_BROKER_LISTENER_NAME", "KAFKA_LOG_DIRS", "KAFKA_HEAP_OPTS",
    ];

    private readonly string _kafka = TestEnvironment.RequireServers("kafka/kafka");
    private readonly string _postgres = TestEnvironment.RequireServers("postgres");
    private readonly string _s3 = TestEnvironment.RequireServers("s3/versitygw");
    private Process? _store;

    public int KafkaPort { get; } = FreePort();

    public int PostgresPort { get; } = FreePort();

    public int S3Port { get; } = FreePort();

    private string KafkaFolder => Path.Combine(folder, "kafka");

    private string PostgresFolder => Path.Combine(folder, "postgres");

    /// <summary>A text of the compose file with the services' addresses replaced by those of the servers.</summary>
    public string Located(string text) => text.Replace("kafka:9092", $"127.0.0.1:{KafkaPort}", StringComparison.Ordinal)
        .Replace("Host=postgres;Port=5432", $"Host=127.0.0.1;Port={PostgresPort}", StringComparison.Ordinal)
        .Replace("http://s3:7070", $"http://127.0.0.1:{S3Port}", StringComparison.Ordinal);

    public async Task StartAsync()
    {
        TestEnvironment.RequireProgram("java");
        using var watcher = Process.Start("setsid", ["sh", "-c", "exec >/dev/null 2>&1; while kill -0 $1; do sleep 1; done; \"$2\" kill \"$3\"; \"$4\" kill \"$5\"", "sh",
            $"{Environment.ProcessId}", _kafka, KafkaFolder, _postgres, PostgresFolder]);
        await Task.WhenAll(StartKafkaAsync(), StartPostgresAsync(), StartStoreAsync());
    }

    /// <summary>What the health check of the compose file runs, against the server here: its exit code.</summary>
    public async Task<int> HealthAsync(string service)
    {
        var command = compose.HealthCommand(service)!;
        switch (service)
        {
            case "kafka":
                Assert.Contains("kafka-broker-api-versions.sh --bootstrap-server kafka:9092", command[1], StringComparison.Ordinal);
                return (await OutsideProgram.TryAsync(
                    "java", "-cp", Path.Combine(Path.GetDirectoryName(_kafka)!, "libs", "*"), "org.apache.kafka.tools.BrokerApiVersionsCommand", "--bootstrap-server", $"127.0.0.1:{KafkaPort}")).ExitCode;
            case "postgres":
                return (await OutsideProgram.TryAsync(command[1], [.. command.Skip(2), $"--port={PostgresPort}"])).ExitCode;
            default:
                using (var client = new HttpClient())
                {
                    using var answer = await client.GetAsync(command[^1].Replace("7070", $"{S3Port}", StringComparison.Ordinal), TestContext.Current.CancellationToken);
                    return answer.IsSuccessStatusCode ? 0 : 1;
                }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await OutsideProgram.TryAsync(_kafka, "kill", KafkaFolder);
        await OutsideProgram.TryAsync(_postgres, "kill", PostgresFolder);
        if (_store is not null)
        {
            _store.Kill();
            await _store.WaitForExitAsync(CancellationToken.None);
            _store.Dispose();
        }
    }

    private async Task StartKafkaAsync()
    {
        var properties = compose.Environment("kafka", variables).Where(v => v.Key.StartsWith("KAFKA_", StringComparison.Ordinal) && !OfTheContainer.Contains(v.Key))
            .Select(v => $"{v.Key["KAFKA_".Length..].ToLowerInvariant().Replace('_', '.')}={v.Value}");
        await RunAsync(_kafka, ["start", KafkaFolder, $"{KafkaPort}"], ("KAFKA_PROPERTIES", string.Join('\n', properties)), ("KAFKA_HEAP", "256m"));
    }

    /// <summary>Everybody but the administrator has to give a password.</summary>
    private async Task StartPostgresAsync()
    {
        Directory.CreateDirectory(PostgresFolder);
        var rules = Path.Combine(folder, "pg_hba.conf");
        await File.WriteAllTextAsync(rules, "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(rules, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await RunAsync(_postgres, ["start", PostgresFolder, $"{PostgresPort}"], ("POSTGRES_OPTIONS", $"hba_file='{rules}'"));

        // The program makes a role and a database of its own; the image does not.
        string[] administrator = ["--host=127.0.0.1", $"--port={PostgresPort}", "--username=postgres", "--dbname=postgres", "--quiet", "--command"];
        await OutsideProgram.RunAsync("psql", [.. administrator, "DROP DATABASE iot"]);
        await OutsideProgram.RunAsync("psql", [.. administrator, "DROP ROLE iot"]);
        await RunAsync(
            Path.Combine(SourceTree.Root, "deploy", "postgres", "10-roles.sh"), [],
            [.. compose.Environment("postgres", variables).Select(v => (v.Key, v.Value)), ("PGHOST", "127.0.0.1"), ("PGPORT", $"{PostgresPort}")]);
    }

    private async Task StartStoreAsync()
    {
        var (objects, meta) = (Path.Combine(folder, "objects"), Path.Combine(folder, "meta"));
        Directory.CreateDirectory(objects);
        Directory.CreateDirectory(meta);
        var arguments = compose.Strings("s3", "command")
            .Select(a => a switch { ":7070" => $"127.0.0.1:{S3Port}", "/data/objects" => objects, "/data/meta" => meta, _ => a });
        var start = new ProcessStartInfo(_s3, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in compose.Environment("s3", variables))
        {
            start.Environment[key] = value;
        }

        _store = Process.Start(start)!;
        _store.OutputDataReceived += (_, _) => { };
        _store.ErrorDataReceived += (_, _) => { };
        _store.BeginOutputReadLine();
        _store.BeginErrorReadLine();
        using var watcher = Process.Start("setsid", ["sh", "-c", "exec >/dev/null 2>&1; while kill -0 $1 && kill -0 $2; do sleep 1; done; kill -9 $2", "sh", $"{Environment.ProcessId}", $"{_store.Id}"]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, S3Port, limit.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    private static async Task RunAsync(string program, string[] arguments, params (string Key, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{program}: {await errors}{await output}");
    }

    /// <summary>With the next one, which Kafka's controller takes, free too.</summary>
    private static int FreePort()
    {
        while (true)
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
            catch (SocketException)
            {
                // Taken: another pair.
            }
        }
    }
}

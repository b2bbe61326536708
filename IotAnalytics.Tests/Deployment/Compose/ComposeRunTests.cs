using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using IotAnalytics.Tests.Lake;
using Npgsql;

namespace IotAnalytics.Tests.Deployment.Compose;

/// <summary>
/// What <c>docker compose up</c> does, without docker: the servers with the settings of docker-compose.yml, the program with its environment, user and
/// folders, the simulator with its command; then everybody counts.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class ComposeRunTests : IDisposable
{
    private const int Readings = 5_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-compose-run-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Simulator_Kafka_host_S3_and_PostgreSQL_agree_on_every_reading()
    {
        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var compose = ComposeFile.Load();
        var variables = await EnvironmentFile.MakeAsync(Path.Combine(_folder, ".env"));
        await using var servers = new ComposeServers(compose, variables, _folder);
        await servers.StartAsync();
        foreach (var service in new[] { "kafka", "postgres", "s3" })
        {
            Assert.Equal(0, await servers.HealthAsync(service));
        }

        var environment = compose.Environment("host", variables).ToDictionary(v => v.Key, v => servers.Located(v.Value));
        var container = Container("host", environment);
        var second = Container("worker", compose.Environment("worker", variables).ToDictionary(v => v.Key, v => servers.Located(v.Value)));
        Assert.Equal(1, (await container.RunAsync("health")).ExitCode);
        long sent;
        await using (var host = container.Start("serve"))
        {
            await WaitAsync(async () => host.HasExited || (await container.RunAsync("health")).ExitCode == 0, "the host is well", () => host.Output);
            await using var worker = second.Start("serve");
            await WaitAsync(async () => await OwnersAsync(servers, variables) == 2, "host and worker share the partitions", () => host.Output + worker.Output);
            sent = await SimulateAsync(compose, servers.Located);
            await WaitAsync(async () => await CountedAsync(servers, variables) >= sent, "every reading is counted", () => host.Output + worker.Output);
            Assert.Equal(0, await worker.StopAsync(TimeSpan.FromSeconds(70)));
            Assert.Equal(0, await host.StopAsync(TimeSpan.FromSeconds(70)));
        }

        Assert.Equal(sent, await CountedAsync(servers, variables));
        var set = await ReaderAsync(servers, variables, "SELECT coalesce(sum(dead_letters), 0)::bigint, coalesce(sum(duplicates), 0)::bigint FROM grafana.pipeline");
        var records = (long)(await ReaderAsync(servers, variables, "SELECT sum(lake_offset)::bigint FROM grafana.partitions"))[0];
        var store = new Dictionary<string, string>
        {
            ["AWS_ENDPOINT_URL"] = environment["Iot__Lake__S3__ServiceUrl"],
            ["AWS_ACCESS_KEY_ID"] = environment["AWS_ACCESS_KEY_ID"],
            ["AWS_SECRET_ACCESS_KEY"] = environment["AWS_SECRET_ACCESS_KEY"],
        };
        Assert.Equal(records, (await TableAsync("Bronze")).Rows());
        var (silver, gold) = ((await TableAsync("Silver")).Rows(), (await TableAsync("Gold")).Rows());
        Assert.Equal(sent, silver + gold + (long)set[0] + (long)set[1]);
        Assert.True(gold > 0);
        Assert.Equal(gold, (await ReaderAsync(servers, variables, "SELECT count(*) FROM grafana.anomalies"))[0]);

        Task<System.Text.Json.JsonElement> TableAsync(string layer) => DeltaRead.TableAsync(environment[$"Iot__Lake__{layer}"].TrimEnd('/'), store);
    }

    private HostContainer Container(string name, IReadOnlyDictionary<string, string> environment)
    {
        Directory.CreateDirectory(Path.Combine(_folder, name));
        var container = new HostContainer(Path.Combine(_folder, name), FreePort(), environment);
        container.MakeFolders();
        return container;
    }

    /// <summary>The simulator of the compose file, as fast as it goes and with an end. Returns the number of readings that were taken.</summary>
    private async Task<long> SimulateAsync(ComposeFile compose, Func<string, string> located)
    {
        var command = compose.Strings("simulator", "command").Select(located).ToList();
        command[command.IndexOf("--rate") + 1] = "0";
        var container = Container("simulator", compose.Environment("simulator", new Dictionary<string, string>()));
        var (exitCode, output) = await container.RunAsync([.. command, "--count", Readings.ToString(CultureInfo.InvariantCulture)]);
        Assert.True(exitCode == 0, output);
        var taken = Regex.Match(output, @"Accepted\s+([\d,]+)");
        Assert.True(taken.Success, output);
        return long.Parse(taken.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }

    /// <summary>Readings that the pipeline has counted, or 0 before there are any.</summary>
    private static async Task<long> CountedAsync(ComposeServers servers, IReadOnlyDictionary<string, string> variables) =>
        (long)(await ReaderAsync(servers, variables, "SELECT coalesce(sum(readings), 0)::bigint FROM grafana.pipeline"))[0];

    private static async Task<long> OwnersAsync(ComposeServers servers, IReadOnlyDictionary<string, string> variables) =>
        (long)(await ReaderAsync(servers, variables, "SELECT count(DISTINCT owner) FROM grafana.partitions"))[0];

    /// <summary>The first row of a query, with Grafana's own login.</summary>
    private static async Task<object[]> ReaderAsync(ComposeServers servers, IReadOnlyDictionary<string, string> variables, string sql)
    {
        await using var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={servers.PostgresPort};Database=iot;Username=grafana_reader;Password={variables["GRAFANA_DB_PASSWORD"]};Pooling=false");
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Token);
        await reader.ReadAsync(Token);
        var row = new object[reader.FieldCount];
        reader.GetValues(row);
        return row;
    }

    private static async Task WaitAsync(Func<Task<bool>> isDone, string what, Func<string> output)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (!await isDone())
        {
            Assert.False(limit.IsCancellationRequested, $"not within two minutes: {what}{Environment.NewLine}{output()}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Net;
using System.Net.Sockets;
using IotAnalytics.Tests.EndToEnd;
using IotAnalytics.Tests.Fixtures;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgreSqlServer))]

namespace IotAnalytics.Tests.Fixtures;

/// <summary>
/// A real PostgreSQL server for the whole run, started by the first test that asks. Every test makes databases of its own in it.
/// <c>IOT_TEST_POSTGRES</c> is the connection string of one that runs already.
/// </summary>
public sealed class PostgreSqlServer : IAsyncLifetime
{
    // The server must not outlive a run that is killed.
    private const string StopAfter = "exec >/dev/null 2>&1; while kill -0 $1; do sleep 1; done; [ ! -e \"$3\" ] || { \"$2\" kill \"$3\"; rm -rf \"$3\"; }";

    private readonly SemaphoreSlim _turn = new(1, 1);
    private string? _folder;
    private string? _program;
    private string? _connection;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The connection string of a new, empty database. Skips or fails the test when there is no server.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        await _turn.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _connection ??= TestEnvironment.RunningServer("IOT_TEST_POSTGRES") ?? await StartAsync();
        }
        finally
        {
            _turn.Release();
        }

        var name = $"iot_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(_connection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var own = new NpgsqlConnectionStringBuilder(_connection) { Database = name };
        if (_program is not null)
        {
            // This server trusts the loopback; a host refuses a password as plain as its own.
            own.Password = null;
        }

        return own.ConnectionString;
    }

    /// <summary>The same as configuration of a host.</summary>
    internal async Task<Dictionary<string, string?>> NewSettingsAsync() => new()
    {
        ["Database:Provider"] = "PostgreSql",
        ["ConnectionStrings:Analytics"] = await NewDatabaseAsync(),
    };

    public async ValueTask DisposeAsync()
    {
        if (_program is not null && _folder is not null)
        {
            NpgsqlConnection.ClearAllPools();
            await OutsideProgram.RunAsync(_program, "kill", _folder);
            Directory.Delete(_folder, recursive: true);
        }

        _turn.Dispose();
    }

    private async Task<string> StartAsync()
    {
        var program = TestEnvironment.RequireServers("postgres");
        _folder = Directory.CreateTempSubdirectory("iot-postgres-").FullName;
        _program = program;
        var connection = (await OutsideProgram.RunAsync(program, "start", _folder, $"{FreePort()}")).Trim();
        using var watcher = System.Diagnostics.Process.Start("setsid", ["sh", "-c", StopAfter, "sh", $"{Environment.ProcessId}", program, _folder]);
        return connection;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

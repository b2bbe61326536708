using System.Net;
using System.Net.Sockets;
using IotAnalytics.Core.Lake.Stores.S3;
using IotAnalytics.Tests.EndToEnd;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(S3Server))]

namespace IotAnalytics.Tests.Fixtures;

/// <summary>
/// A real S3 server for the whole run, started by the first test that asks. Tests make buckets of their own in it. <c>IOT_TEST_S3</c>
/// names one that runs already (keys in <c>AWS_ACCESS_KEY_ID</c> and <c>AWS_SECRET_ACCESS_KEY</c>).
/// </summary>
public sealed class S3Server : IAsyncLifetime
{
    // The server must not outlive a run that is killed.
    private const string StopAfter = "exec >/dev/null 2>&1; while kill -0 $1; do sleep 1; done; [ ! -e \"$3\" ] || { \"$2\" kill \"$3\"; rm -rf \"$3\"; }";

    private readonly SemaphoreSlim _turn = new(1, 1);
    private string? _folder;
    private string? _program;
    private string? _endpoint;

    public static string AccessKeyId => Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID") is { Length: > 0 } key && RunsAlready ? key : "test";

    public static string SecretAccessKey => Environment.GetEnvironmentVariable("AWS_SECRET_ACCESS_KEY") is { Length: > 0 } key && RunsAlready ? key : "test-secret-key";

    private static bool RunsAlready => TestEnvironment.RunningServer("IOT_TEST_S3") is not null;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The address. Skips or fails the test when there is no server.</summary>
    public async Task<string> RequireAsync()
    {
        await _turn.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _endpoint ??= TestEnvironment.RunningServer("IOT_TEST_S3") ?? await StartAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Options for a store behind an address that repeats fast.</summary>
    internal static S3StoreOptions Options(string endpoint) => new()
    {
        ServiceUrl = endpoint,
        AccessKeyId = AccessKeyId,
        SecretAccessKey = SecretAccessKey,
        RetryDelay = TimeSpan.FromMilliseconds(2),
        Tries = 6,
    };

    /// <summary>The same as configuration of a host whose tables lie in these buckets.</summary>
    internal static Dictionary<string, string?> Settings(string endpoint, string bucket) => new()
    {
        ["Lake:Provider"] = "S3",
        ["Lake:Bronze"] = $"s3://{bucket}-bronze/sensor-readings/",
        ["Lake:Silver"] = $"s3://{bucket}-silver/normal-readings",
        ["Lake:Gold"] = $"{bucket}-gold/anomalies",
        ["Lake:System"] = $"{bucket}-bronze/_system",
        ["Lake:S3:ServiceUrl"] = endpoint,
        ["Lake:S3:AccessKeyId"] = AccessKeyId,
        ["Lake:S3:SecretAccessKey"] = SecretAccessKey,
        ["Lake:S3:CreateBuckets"] = "true",
        ["Lake:S3:RetryDelay"] = "00:00:00.002",
    };

    /// <summary>What other programs need to read from it.</summary>
    internal static Dictionary<string, string> ForOthers(string endpoint) => new()
    {
        ["AWS_ENDPOINT_URL"] = endpoint,
        ["AWS_ACCESS_KEY_ID"] = AccessKeyId,
        ["AWS_SECRET_ACCESS_KEY"] = SecretAccessKey,
    };

    internal static S3LakeStore Store(S3StoreOptions options) => new(options, TimeProvider.System, NullLogger<S3LakeStore>.Instance);

    internal static string NewBucketName() => $"iot-{Guid.NewGuid().ToString("N")[..16]}";

    /// <summary>A new bucket's name.</summary>
    internal async Task<string> NewBucketAsync()
    {
        using var store = Store(Options(await RequireAsync()));
        var bucket = NewBucketName();
        await store.CreateBucketAsync(bucket, TestContext.Current.CancellationToken);
        return bucket;
    }

    public async ValueTask DisposeAsync()
    {
        if (_program is not null && _folder is not null)
        {
            using var stop = System.Diagnostics.Process.Start(_program, ["stop", _folder]);
            await stop.WaitForExitAsync();
            Directory.Delete(_folder, recursive: true);
        }

        _turn.Dispose();
    }

    private async Task<string> StartAsync()
    {
        var program = TestEnvironment.RequireServers("s3/s3");
        _folder = Directory.CreateTempSubdirectory("iot-s3-").FullName;
        _program = program;
        var endpoint = (await OutsideProgram.RunAsync(program, "start", _folder, $"{FreePort()}")).Trim();
        using var watcher = System.Diagnostics.Process.Start("setsid", ["sh", "-c", StopAfter, "sh", $"{Environment.ProcessId}", program, _folder]);
        return endpoint;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

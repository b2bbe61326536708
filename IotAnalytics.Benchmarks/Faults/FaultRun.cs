using System.Diagnostics;
using IotAnalytics.Benchmarks.Production;
using IotAnalytics.Benchmarks.Throughput;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;
using Npgsql;

namespace IotAnalytics.Benchmarks.Faults;

/// <summary>
/// One scenario's world: servers of its own, readings that are produced all the while, and hosts. Every reading is (sensor, event time) once; what was
/// produced is compared at the end with the lake and the database.
/// </summary>
internal sealed class FaultRun : IAsyncDisposable
{
    private const int Sensors = 200;
    private static readonly TimeSpan CaughtUpWithin = TimeSpan.FromMinutes(10);
    private readonly string _folder;
    private readonly string _hostPath;
    private readonly CancellationTokenSource _enough = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly NpgsqlDataSource _source;
    private readonly List<HostProcess> _hosts = [];
    private readonly List<SmallDisk> _disks = [];
    private readonly Task<long> _producing;
    private long _produced;
    private int _names;

    private FaultRun(string folder, string hostPath, Servers servers, Deployment deployment, SensorProfile profile, int rate, CancellationToken cancellationToken)
    {
        (_folder, _hostPath, Servers, Deployment, Cancellation) = (folder, hostPath, servers, deployment, cancellationToken);
        _source = NpgsqlDataSource.Create(deployment.Database);
        _producing = Task.Run(() => Produce(profile, rate), cancellationToken);
    }

    public Servers Servers { get; }

    public Deployment Deployment { get; }

    public CancellationToken Cancellation { get; }

    /// <summary>Readings that the producer has handed over.</summary>
    public long Produced => Interlocked.Read(ref _produced);

    /// <param name="rate">Readings a second.</param>
    public static async Task<FaultRun> StartAsync(string hostPath, string? programs, SensorProfile profile, int rate, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("iot-faults-").FullName;
        var servers = await Servers.StartAsync(programs, folder, cancellationToken);
        var deployment = await Deployment.CreateAsync(servers, partitions: 6, lakeFolder: null, cancellationToken);
        return new FaultRun(folder, hostPath, servers, deployment, profile, rate, cancellationToken);
    }

    /// <summary>Starts a host and waits until it is ready; a name used before is the same data directory again.</summary>
    public async Task<HostProcess> StartHostAsync(string? name = null, params string[] settings)
    {
        var directory = Directory.CreateDirectory(Path.Combine(_folder, name ?? $"host-{_names++}")).FullName;
        var (host, _) = await HostProcess.StartAsync(_hostPath, [.. Deployment.Settings(), "Lake:CutAge=00:00:05", "Lake:PublishInterval=00:00:02", .. settings], directory, Cancellation);
        _hosts.Add(host);
        return host;
    }

    /// <summary>Puts the data directory of a host that is yet to start on a disk of its own, until the end of the run.</summary>
    public async Task<SmallDisk> MountDiskAsync(string name, int megabytes)
    {
        var disk = await SmallDisk.MountAsync(Path.Combine(_folder, name), megabytes, Cancellation);
        _disks.Add(disk);
        return disk;
    }

    /// <summary>One number from the database; asked again while it does not answer.</summary>
    public async Task<long> AskAsync(string sql)
    {
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                await using var command = _source.CreateCommand(sql);
                return Convert.ToInt64(await command.ExecuteScalarAsync(Cancellation), System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (NpgsqlException) when (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(200, Cancellation);
            }
        }
    }

    public Task<long> CountedAsync() => AskAsync("SELECT coalesce(sum(readings), 0)::bigint FROM iot.pipeline_minute");

    /// <summary>Waits until the database has this many readings more than now: the hosts have come somewhere.</summary>
    public async Task WaitForProgressAsync(long readings)
    {
        var from = await CountedAsync();
        await WaitAsync(async () => await CountedAsync() >= from + readings, $"{readings} readings more than {from}");
    }

    /// <summary>Ends the producer and waits until the database has all that it made.</summary>
    public async Task<long> FinishAsync()
    {
        await _enough.CancelAsync();
        var produced = await _producing;
        await WaitAsync(async () => await CountedAsync() >= produced, $"{produced} readings");
        return produced;
    }

    /// <summary>The verb <c>lake verify</c> on this deployment; its output, or null when it found nothing.</summary>
    public async Task<string?> VerifyAsync()
    {
        var (code, output) = await RunVerbAsync("lake", "verify");
        return code == 0 ? null : output;
    }

    /// <summary>A verb of the host's program with the settings of this deployment.</summary>
    public async Task<(int ExitCode, string Output)> RunVerbAsync(params string[] arguments)
    {
        var start = HostProcess.Command(_hostPath, arguments);
        foreach (var setting in Deployment.Settings())
        {
            start.Environment[$"Iot__{setting.Split('=', 2)[0].Replace(":", "__", StringComparison.Ordinal)}"] = setting.Split('=', 2)[1];
        }

        start.Environment["Iot__DataDirectory"] = Directory.CreateDirectory(Path.Combine(_folder, "verb")).FullName;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, (await output + await errors).Trim());
    }

    /// <summary>Stops every host that still runs, in order.</summary>
    public async Task StopHostsAsync()
    {
        foreach (var host in _hosts.Where(h => !h.HasExited))
        {
            await host.StopAsync(Cancellation);
        }
    }

    public async Task WaitAsync(Func<Task<bool>> done, string what)
    {
        for (var started = Stopwatch.GetTimestamp(); !await done();)
        {
            if (Stopwatch.GetElapsedTime(started) > CaughtUpWithin)
            {
                throw new MeasurementException($"After {CaughtUpWithin} there is still no {what}.");
            }

            await Task.Delay(100, Cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        // Of a run that failed; what a broker that is away has not taken would be waited for without end.
        await _abandoned.CancelAsync();
        foreach (var host in _hosts)
        {
            host.Thaw();
            await host.DisposeAsync();
        }

        foreach (var disk in _disks)
        {
            await disk.DisposeAsync();
        }

        await ((Task)_producing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _source.DisposeAsync();
        await Servers.DisposeAsync();
        _enough.Dispose();
        _abandoned.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private long Produce(SensorProfile profile, int rate)
    {
        using var readings = new ProducedReadings(
            Servers.Kafka, Deployment.Topic, Deployment.Partitions, profile, new SimulationOptions { Sensors = Sensors, AnomalyRate = 0.02 }, batch: 5);
        // Event times go on by the schedule and not by the clock, so that no two readings of a sensor have the same.
        var first = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var part = Math.Max(rate / 20, 1);
        for (var started = Stopwatch.GetTimestamp(); !_enough.IsCancellationRequested;)
        {
            readings.Produce(part, first + (readings.Count * 1_000.0 / rate), 1_000.0 / rate);
            Interlocked.Exchange(ref _produced, readings.Count);
            var ahead = TimeSpan.FromSeconds((double)readings.Count / rate) - Stopwatch.GetElapsedTime(started);
            if (ahead > TimeSpan.Zero)
            {
                _enough.Token.WaitHandle.WaitOne(ahead);
            }
        }

        readings.Flush(_abandoned.Token);
        return readings.Count;
    }
}

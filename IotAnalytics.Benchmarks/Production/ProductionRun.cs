using System.Diagnostics;
using System.Globalization;
using IotAnalytics.Benchmarks.Throughput;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;
using Npgsql;

namespace IotAnalytics.Benchmarks.Production;

/// <summary>What a run on real servers does.</summary>
/// <param name="Servers">Folder of the servers' programs, or null for <c>IOT_TEST_SERVERS</c>.</param>
/// <param name="Hosts">Hosts that share the topic.</param>
/// <param name="Batch">Readings a record.</param>
/// <param name="DataDirectory">Kept when given; null: a temporary folder that is deleted.</param>
/// <param name="LakeOnS3">The lake on the S3 server; else in a folder, for one host.</param>
/// <param name="IsRestart">A host has run before the readings came, and made what it found missing.</param>
internal sealed record ProductionOptions(
    string HostPath, string? Servers, int Hosts, int Partitions, int Readings, int Batch, int Sensors, double AnomalyRate, bool LakeOnS3, bool IsRestart, string? DataDirectory, IReadOnlyList<string> Settings);

/// <summary>
/// A topic that holds all readings already, on a real broker: hosts start, take them, and write database and lake. Everything is counted by reading the
/// lake back. The broker, PostgreSQL and S3 share the machine.
/// </summary>
internal sealed class ProductionRun(ProductionOptions options, SensorProfile profile)
{
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(40);
    private const int WarmLooks = 500;

    public async Task<ProductionReport> RunAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        var folder = options.DataDirectory is { } kept ? Directory.CreateDirectory(kept).FullName : Directory.CreateTempSubdirectory("iot-production-").FullName;
        try
        {
            return await RunAsync(folder, tell, cancellationToken);
        }
        finally
        {
            if (options.DataDirectory is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private async Task<ProductionReport> RunAsync(string folder, Action<string> tell, CancellationToken cancellationToken)
    {
        await using var servers = await Servers.StartAsync(options.Servers, folder, cancellationToken);
        var host0 = Path.Combine(folder, "host-0");
        var deployment = await Deployment.CreateAsync(servers, options.Partitions, options.LakeOnS3 ? null : Path.Combine(host0, "lake"), cancellationToken);
        if (options.IsRestart)
        {
            var (before, _) = await HostProcess.StartAsync(options.HostPath, Settings(deployment), Directory.CreateDirectory(host0).FullName, cancellationToken);
            await using (before)
            {
                await before.StopAsync(cancellationToken);
            }
        }

        tell("servers run; producing");
        var (produced, records) = Produce(servers, cancellationToken);
        await using var source = NpgsqlDataSource.Create(deployment.Database);

        // What counts and what serves share the processors: both have done compiling themselves before the hosts start. The broker has then answered a group, the looks
        // have been called often enough for the runtime's last tier.
        TopicReader.Read(servers.Kafka, Deployment.Topic, records, cancellationToken);
        for (var i = 0; i < WarmLooks; i++)
        {
            await TotalAsync(source, cancellationToken);
            _ = ProcessFigures.Read(Environment.ProcessId);
        }

        await QuietMachine.WaitAsync(tell, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        var hosts = new List<HostProcess>();
        try
        {
            for (var i = 0; i < options.Hosts; i++)
            {
                hosts.Add(HostProcess.Start(options.HostPath, Settings(deployment), Directory.CreateDirectory(Path.Combine(folder, $"host-{i}")).FullName));
            }

            var (first, last, cpu) = await CountAsync(source, hosts, produced, started, cancellationToken);
            var peak = hosts.Max(h => h.Figures.PeakBytes);
            foreach (var host in hosts)
            {
                await host.StopAsync(cancellationToken);
            }

            var stopped = Stopwatch.GetElapsedTime(started);
            peak = Math.Max(peak, hosts.Max(h => h.Figures.PeakBytes));
            tell("hosts have stopped; counting the lake");
            using var lake = await LakeCopy.ReadAsync(deployment.Store(), deployment.Tables, cancellationToken);
            var (dead, duplicates) = await DroppedAsync(source, cancellationToken);
            var (items, silver, gold) = (lake.Count("SELECT coalesce(sum(item_count), 0) FROM bronze"), lake.Count("SELECT count(*) FROM silver"), lake.Count("SELECT count(*) FROM gold"));
            var distinct = lake.Count("SELECT count(*) FROM (SELECT DISTINCT sensor_id, event_time FROM silver UNION SELECT DISTINCT sensor_id, event_time FROM gold)");
            return new ProductionReport(
                options.Hosts, options.Batch, produced, records, first.TotalSeconds, produced / (last - first).TotalSeconds, produced / (stopped - first).TotalSeconds,
                cpu / produced * 1e6, hosts.Sum(h => h.Figures.CpuSeconds) / produced * 1e6, peak, items, silver, gold, dead, duplicates, lake.Files, lake.Bytes,
                items == produced && silver + gold + dead + duplicates == produced && distinct == silver + gold);
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.DisposeAsync();
            }
        }
    }

    private IEnumerable<string> Settings(Deployment deployment) => deployment.Settings().Concat(options.Settings);

    private (long Readings, long Records) Produce(Servers servers, CancellationToken cancellationToken)
    {
        var fleet = new SimulationOptions { Sensors = options.Sensors, AnomalyRate = options.AnomalyRate };
        using var readings = new ProducedReadings(servers.Kafka, Deployment.Topic, options.Partitions, profile, fleet, options.Batch);
        // Two readings a second of each sensor, ending now.
        var step = 500.0 / options.Sensors;
        readings.Produce(options.Readings, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - (options.Readings * step), step);
        readings.Flush(cancellationToken);
        return (readings.Count, readings.Records);
    }

    /// <summary>When the first and the last reading were in the database, and the hosts' CPU time between the two.</summary>
    private static async Task<(TimeSpan First, TimeSpan Last, double Cpu)> CountAsync(
        NpgsqlDataSource source, List<HostProcess> hosts, long expected, long started, CancellationToken cancellationToken)
    {
        TimeSpan? first = null;
        var cpuAtFirst = 0.0;
        while (true)
        {
            var total = await TotalAsync(source, cancellationToken);
            var now = Stopwatch.GetElapsedTime(started);
            var cpu = hosts.Sum(h => h.Figures.CpuSeconds);
            if (total > 0 && first is null)
            {
                (first, cpuAtFirst) = (now, cpu);
            }

            if (total >= expected)
            {
                return (first!.Value, now, cpu - cpuAtFirst);
            }

            if (now > Within || hosts.Any(h => h.HasExited))
            {
                throw new MeasurementException($"The database has {total} of {expected} readings after {now}, and {hosts.Count(h => h.HasExited)} hosts have ended.");
            }

            await Task.Delay(Look, cancellationToken);
        }
    }

    private static async Task<long> TotalAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var known = source.CreateCommand("SELECT to_regclass('iot.pipeline_minute') IS NOT NULL");
        if (!(bool)(await known.ExecuteScalarAsync(cancellationToken))!)
        {
            return 0;
        }

        await using var command = source.CreateCommand("SELECT coalesce(sum(readings), 0)::bigint FROM iot.pipeline_minute");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<(long DeadLetters, long Duplicates)> DroppedAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("SELECT coalesce(sum(dead_letters), 0)::bigint, coalesce(sum(duplicates), 0)::bigint FROM iot.pipeline_minute");
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetInt64(0), row.GetInt64(1));
    }
}

/// <summary>The figures of one run.</summary>
/// <param name="FirstBatchSeconds">From the start of the first host's process until its first readings were in the database.</param>
/// <param name="DatabasePerSecond">Readings a second from then until the last was in the database.</param>
/// <param name="EndToEndPerSecond">The same until all hosts had stopped, and with it every reading was in its layers.</param>
/// <param name="CpuSecondsPerMillion">CPU of all hosts from the first batch to the last.</param>
/// <param name="CpuSecondsPerMillionInAll">From their start to their end.</param>
/// <param name="PeakBytes">Largest resident set of a host.</param>
/// <param name="Complete">Bronze items = readings = silver + gold + dead letters + duplicates, and each reading once.</param>
internal sealed record ProductionReport(
    int Hosts, int Batch, long Readings, long Records, double FirstBatchSeconds, double DatabasePerSecond, double EndToEndPerSecond, double CpuSecondsPerMillion,
    double CpuSecondsPerMillionInAll, long PeakBytes, long BronzeItems, long SilverRows, long GoldRows, long DeadLetters, long Duplicates, int LakeFiles, long LakeBytes, bool Complete)
{
    public string ToText() => string.Create(CultureInfo.InvariantCulture, $"""
        Readings             {Readings,14:N0}   in {Records:N0} records of {Batch}, {Hosts} host{(Hosts == 1 ? "" : "s")}
        In the database      {DatabasePerSecond,14:N0} /s   from the first batch to the last
        End to end           {EndToEndPerSecond,14:N0} /s   until all rows are in all layers and the hosts have stopped
        Host CPU             {CpuSecondsPerMillion,14:N2} s per million readings from the first batch to the last ({CpuSecondsPerMillionInAll:N2} from start to end)
        Host peak memory     {PeakBytes / 1e6,14:N0} MB
        First batch          {FirstBatchSeconds,14:N2} s after the start
        Lake                 {BronzeItems,14:N0} items = {SilverRows:N0} silver + {GoldRows:N0} gold + {DeadLetters:N0} dead letters + {Duplicates:N0} duplicates
                             {LakeFiles,14:N0} files, {LakeBytes / 1e6:N1} MB{(Complete ? "" : "   NOT COMPLETE")}
        """);
}

using System.Diagnostics;
using IotAnalytics.Benchmarks.Throughput;
using Npgsql;

namespace IotAnalytics.Benchmarks.Faults;

/// <summary>The faults that are made on real servers.</summary>
internal static class Scenarios
{
    private static readonly string[] FailPoints =
    [
        "t1-before", "t1-in", "t1-after", "rollup-before", "rollup-in", "rollup-after", "t2-before-put", "t2-after-put", "t2-before", "t2-in", "t2-after",
        "t3-before-commit", "t3-after-commit", "t3-after-put",
    ];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("kill", "kill -9 of the host, at any moment", 5, 100, 10_000, KillAsync),
        new("fail-points", "the host dies at each fail point of the protocol", 1, 3, 5_000, FailPointsAsync),
        new("broker-down", "the broker is away (stopped, then killed)", 1, 3, 3_000, BrokerDownAsync),
        new("rebalance", "three hosts join and leave by SIGTERM every 1-3 s; times = minutes", 1, 10, 5_000, RebalanceAsync),
        new("frozen", "a host is frozen past its session and goes on", 1, 10, 3_000, FrozenAsync),
        new("frozen-in-transaction", "a host is frozen inside an open transaction and goes on", 1, 10, 3_000, FrozenInTransactionAsync),
        new("store-down", "the S3 server is away while anomalies go on; times = minutes", 1, 10, 3_000, StoreDownAsync),
        new("disk-full", "the disk under the host's data directory (spool, log) is full for 20 s", 1, 3, 3_000, DiskFullAsync),
        new("database-restarted", "PostgreSQL is restarted", 2, 10, 3_000, (run, times) => DatabaseAsync(run, times, "restart")),
        new("database-killed", "PostgreSQL is killed and started again", 2, 10, 3_000, (run, times) => DatabaseAsync(run, times, "kill")),
        new("backends-terminated", "PostgreSQL's sessions are ended while they commit", 10, 100, 3_000, BackendsAsync),
    ];

    private static async Task<List<string>> KillAsync(FaultRun run, int times)
    {
        // Seeded: the next run strikes at the same distances.
        var random = new Random(1);
        for (var i = 0; i < times; i++)
        {
            var host = await run.StartHostAsync("host");
            await Task.Delay(random.Next(200, 3_000), run.Cancellation);
            await host.KillAsync();
        }

        await run.StartHostAsync("host");
        return [];
    }

    private static async Task<List<string>> FailPointsAsync(FaultRun run, int times)
    {
        var findings = new List<string>();
        for (var i = 0; i < times; i++)
        {
            foreach (var point in FailPoints)
            {
                Environment.SetEnvironmentVariable("IOT_FAILPOINT", $"{point}:die:{i + 1}");
                try
                {
                    var host = await run.StartHostAsync("host");
                    using var limit = CancellationTokenSource.CreateLinkedTokenSource(run.Cancellation);
                    limit.CancelAfter(TimeSpan.FromMinutes(1));
                    await host.WaitForExitAsync(limit.Token);
                }
                catch (MeasurementException)
                {
                    // It died before it was ready: as good as later.
                }
                catch (OperationCanceledException) when (!run.Cancellation.IsCancellationRequested)
                {
                    findings.Add($"the host never came to {point} the {i + 1}th time");
                    await run.StopHostsAsync();
                }
                finally
                {
                    Environment.SetEnvironmentVariable("IOT_FAILPOINT", null);
                }
            }
        }

        await run.StartHostAsync("host");
        return findings;
    }

    private static async Task<List<string>> BrokerDownAsync(FaultRun run, int times)
    {
        await run.StartHostAsync();
        for (var i = 0; i < times; i++)
        {
            await run.WaitForProgressAsync(5_000);
            await run.Servers.DoAsync("kafka/kafka", i % 2 == 0 ? "stop" : "kill", run.Cancellation);
            await Task.Delay(TimeSpan.FromSeconds(60), run.Cancellation);
            await run.Servers.StartKafkaAsync(run.Cancellation);
        }

        await run.WaitForProgressAsync(5_000);
        return [];
    }

    private static async Task<List<string>> RebalanceAsync(FaultRun run, int minutes)
    {
        var random = new Random(2);
        string[] names = ["a", "b", "c"];
        var running = new Dictionary<string, HostProcess>();
        foreach (var name in names)
        {
            running[name] = await run.StartHostAsync(name);
        }

        var (before, started) = (await run.CountedAsync(), Stopwatch.GetTimestamp());
        var moves = 0;
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(minutes))
        {
            var name = names[random.Next(names.Length)];
            if (running.Remove(name, out var host))
            {
                await host.StopAsync(run.Cancellation);
            }
            else
            {
                running[name] = await run.StartHostAsync(name);
            }

            moves++;
            await Task.Delay(random.Next(1_000, 3_000), run.Cancellation);
        }

        var rate = (await run.CountedAsync() - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (var name in names.Except(running.Keys))
        {
            await run.StartHostAsync(name);
        }

        return rate < 2_500 ? [$"{rate:N0} readings a second over {moves} moves, less than half of the 5,000 that were produced"] : [];
    }

    private static async Task<List<string>> FrozenAsync(FaultRun run, int times)
    {
        HostProcess[] hosts = [await run.StartHostAsync(), await run.StartHostAsync()];
        for (var i = 0; i < times; i++)
        {
            await run.WaitForProgressAsync(3_000);
            hosts[i % 2].Freeze();
            // The session is 10 s: the other host gets its partitions and goes on where the database stands.
            await Task.Delay(TimeSpan.FromSeconds(20), run.Cancellation);
            await run.WaitForProgressAsync(3_000);
            hosts[i % 2].Thaw();
            await Task.Delay(TimeSpan.FromSeconds(3), run.Cancellation);
        }

        return [];
    }

    private static async Task<List<string>> FrozenInTransactionAsync(FaultRun run, int times)
    {
        await run.StartHostAsync("steady");
        for (var i = 0; i < times; i++)
        {
            // The transaction stays open for two seconds; within them everything of the host stops.
            Environment.SetEnvironmentVariable("IOT_FAILPOINT", "t1-in:delay:3");
            HostProcess frozen;
            try
            {
                frozen = await run.StartHostAsync("frozen");
            }
            finally
            {
                Environment.SetEnvironmentVariable("IOT_FAILPOINT", null);
            }

            await run.WaitAsync(
                async () => await run.AskAsync("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND xact_start < now() - interval '500 ms' AND datname = current_database()") > 0,
                "transaction that is open");
            frozen.Freeze();
            await Task.Delay(TimeSpan.FromSeconds(25), run.Cancellation);
            await run.WaitForProgressAsync(3_000);
            frozen.Thaw();
            await Task.Delay(TimeSpan.FromSeconds(3), run.Cancellation);
            await frozen.StopAsync(run.Cancellation);
        }

        return [];
    }

    private static async Task<List<string>> StoreDownAsync(FaultRun run, int minutes)
    {
        await run.StartHostAsync();
        await run.WaitForProgressAsync(5_000);
        await run.Servers.DoAsync("s3/s3", "kill", run.Cancellation);
        var (anomalies, counted) = (await run.AskAsync("SELECT count(*) FROM iot.anomaly"), await run.CountedAsync());
        await Task.Delay(TimeSpan.FromMinutes(minutes), run.Cancellation);
        var findings = new List<string>();
        if (await run.AskAsync("SELECT count(*) FROM iot.anomaly") <= anomalies || await run.CountedAsync() - counted < minutes * 60 * 1_500)
        {
            findings.Add("anomalies and totals did not go on while the store was away");
        }

        await run.Servers.StartS3Async(run.Cancellation);
        return findings;
    }

    private static async Task<List<string>> DiskFullAsync(FaultRun run, int times)
    {
        const string InLake = "SELECT sum(lake_offset)::bigint FROM iot.stream_partition";
        var disk = await run.MountDiskAsync("host", megabytes: 16);
        var host = await run.StartHostAsync("host");
        for (var i = 0; i < times; i++)
        {
            await run.WaitForProgressAsync(20_000);
            var before = await run.AskAsync(InLake);
            for (var full = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(full) < TimeSpan.FromSeconds(20);)
            {
                disk.Fill();
                await Task.Delay(50, run.Cancellation);
                // What was closed before the disk was full still goes into the lake.
                before = Stopwatch.GetElapsedTime(full) < TimeSpan.FromSeconds(8) ? await run.AskAsync(InLake) : before;
            }

            var after = await run.AskAsync(InLake);
            disk.Empty();
            if (host.HasExited || after > before)
            {
                return [host.HasExited ? "the host ended on a full disk" : $"the disk was not full: the lake went on from {before} to {after} records"];
            }

            await run.WaitAsync(async () => await run.AskAsync(InLake) > after, "record in the lake after there was room again");
        }

        return [];
    }

    private static async Task<List<string>> DatabaseAsync(FaultRun run, int times, string verb)
    {
        await run.StartHostAsync();
        for (var i = 0; i < times; i++)
        {
            await run.WaitForProgressAsync(3_000);
            await run.Servers.DoAsync("postgres", verb, run.Cancellation);
            if (verb == "kill")
            {
                await Task.Delay(TimeSpan.FromSeconds(2), run.Cancellation);
                await run.Servers.StartPostgreSqlAsync(run.Cancellation);
            }

            NpgsqlConnection.ClearAllPools();
        }

        await run.WaitForProgressAsync(3_000);
        return [];
    }

    private static async Task<List<string>> BackendsAsync(FaultRun run, int times)
    {
        await run.StartHostAsync();
        await run.WaitForProgressAsync(3_000);
        for (var ended = 0L; ended < times;)
        {
            ended += await run.AskAsync(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'iot-analytics' AND datname = current_database() AND (query ILIKE 'COMMIT%' OR state = 'idle in transaction') AND state <> 'idle'
                """);
            await Task.Delay(5, run.Cancellation);
        }

        await run.WaitForProgressAsync(3_000);
        return [];
    }
}

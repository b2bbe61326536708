using System.Diagnostics;
using System.Globalization;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>
/// Kills the host again and again while readings are posted, then asks outsiders what is there. IOT_TEST_KILL_CYCLES sets the number of
/// cycles (default 20).
/// </summary>
public sealed class KillTests
{
    private static readonly string[] FailPoints =
    [
        "t1-before", "t1-in", "t1-after", "rollup-before", "rollup-in", "rollup-after", "t2-before-put", "t2-after-put", "t2-before", "t2-in", "t2-after",
        "t3-before-commit", "t3-after-commit", "t3-after-put",
    ];

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Lake:CutAge"] = "00:00:01",
        ["Lake:PublishInterval"] = "00:00:00.5",
        ["Lake:CheckpointEvery"] = "1000",
        ["Limits:RequestsPerMinutePerKey"] = "0",
    };

    [Fact]
    public async Task Every_acknowledged_reading_is_in_the_lake_exactly_once_however_often_the_host_is_killed()
    {
        var cycles = int.Parse(Environment.GetEnvironmentVariable("IOT_TEST_KILL_CYCLES") ?? "20", CultureInfo.InvariantCulture);
        var random = new Random(20260101);
        var data = Directory.CreateTempSubdirectory("iot-kill-").FullName;
        try
        {
            var load = new ReadingLoad(1);
            for (var cycle = 0; cycle < cycles; cycle++)
            {
                // Half of the cycles die at a random moment, the others within a step of the protocol.
                var failPoint = cycle % 2 == 0 ? null : $"{FailPoints[cycle / 2 % FailPoints.Length]}:die:{random.Next(1, 4)}";
                await RunOneCycleAsync(data, load, failPoint, TimeSpan.FromMilliseconds(random.Next(300, 2500)));
                await AssertTablesOpenAsync(data);
            }

            await using (var last = HostProcess.Start(data, Settings))
            {
                Assert.True(await last.WaitReadyAsync(TestContext.Current.CancellationToken), last.Output);
                await WaitUntilAllIsTakenAsync(last, data);
                Assert.Equal(0, await last.StopAsync());
            }

            await AssertTablesOpenAsync(data);
            AssertExactlyOnce(data, load);
            await AssertVerifiesAsync(data);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task RunOneCycleAsync(string data, ReadingLoad load, string? failPoint, TimeSpan life)
    {
        await using var host = HostProcess.Start(data, Settings, failPoint);
        if (!await host.WaitReadyAsync(TestContext.Current.CancellationToken))
        {
            // A fail point may strike in the replay, before the host is ready.
            Assert.True(failPoint is not null, host.Output);
            return;
        }

        using var client = host.CreateClient(data);
        using var stop = new CancellationTokenSource();
        var posting = load.RunAsync(client, stop.Token);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < (failPoint is null ? life : TimeSpan.FromSeconds(3)) && !host.HasExited;)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await host.KillAsync();
        await stop.CancelAsync();
        await posting;
    }

    /// <summary>A host that stops takes no more records: what waits in the log is for the next one.</summary>
    private static async Task WaitUntilAllIsTakenAsync(HostProcess host, string data)
    {
        using var client = host.CreateClient(data);
        while (true)
        {
            using var answer = System.Text.Json.JsonDocument.Parse(await client.GetStringAsync("/api/v1/pipeline", TestContext.Current.CancellationToken));
            var partition = answer.RootElement.GetProperty("partitions")[0];
            if (partition.GetProperty("high_watermark") is { ValueKind: System.Text.Json.JsonValueKind.Number } high && high.GetInt64() > 0
                && partition.GetProperty("fast_offset").GetInt64() >= high.GetInt64())
            {
                return;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static void AssertExactlyOnce(string data, ReadingLoad load)
    {
        using var oracle = new LakeOracle(data);
        var offsets = oracle.BronzeOffsets();
        Assert.Equal(offsets.Count, offsets.Distinct().Count());
        var missing = load.Acknowledged.Keys.Except(offsets).ToList();
        Assert.True(missing.Count == 0, $"{missing.Count} acknowledged records are not in the lake, the first at {missing.FirstOrDefault()}");
        Assert.True(offsets.Count - load.Acknowledged.Count <= load.Unanswered, "records are in the lake that nobody sent");
        Assert.True(load.Acknowledged.Count > 100, "the load was too small to say anything");

        // Record by record, and item by item.
        var items = oracle.Lake<long>("SELECT sum(item_count) FROM bronze");
        var silver = oracle.Lake<long>("SELECT count(*) FROM silver");
        var gold = oracle.Lake<long>("SELECT count(*) FROM gold");
        var deadLetters = oracle.Database<long>("SELECT count(*) FROM dead_letter");
        var duplicates = oracle.Database<long>("SELECT sum(duplicates) FROM pipeline_minute");
        Assert.Equal(items, silver + gold + deadLetters + duplicates);
        Assert.True(gold > 0 && deadLetters > 0 && duplicates > 0, "the load has all kinds");
        Assert.Equal(silver + gold, oracle.Lake<long>(
            "SELECT count(*) FROM (SELECT DISTINCT record_offset, item FROM silver UNION SELECT DISTINCT record_offset, item FROM gold)"));

        // The database tells the same.
        Assert.Equal(items, oracle.Database<long>("SELECT sum(readings) FROM pipeline_minute"));
        Assert.Equal(silver, oracle.Database<long>("SELECT sum(normal) FROM pipeline_minute"));
        Assert.Equal(gold, oracle.Database<long>("SELECT sum(anomalies) FROM pipeline_minute"));
        Assert.Equal(gold, oracle.Database<long>("SELECT count(*) FROM anomaly"));
        Assert.Equal(deadLetters, oracle.Database<long>("SELECT sum(dead_letters) FROM pipeline_minute"));
        foreach (var measurement in new[] { "temperature", "humidity" })
        {
            Assert.Equal(
                oracle.Lake<long>($"SELECT count({measurement}) FROM (SELECT {measurement} FROM silver UNION ALL SELECT {measurement} FROM gold)"),
                oracle.Database<long>($"SELECT sum(reading_count) FROM sensor_minute WHERE measurement = '{measurement}'"));
            var inLake = oracle.Lake<double>($"SELECT sum({measurement}) FROM (SELECT {measurement} FROM silver UNION ALL SELECT {measurement} FROM gold)");
            var inDatabase = oracle.Database<double>($"SELECT sum(value_sum) FROM sensor_minute WHERE measurement = '{measurement}'");
            Assert.True(Math.Abs(inLake - inDatabase) <= 1e-9 * Math.Abs(inLake), $"{measurement}: {inLake:R} in the lake, {inDatabase:R} in the database");
        }

        Assert.Equal(gold, oracle.Database<long>("SELECT sum(anomaly_count) FROM sensor_minute WHERE measurement = 'temperature'"));
    }

    /// <summary>An implementation that is not ours opens what was published; a table without a first version is no table yet.</summary>
    private static async Task AssertTablesOpenAsync(string data)
    {
        if (TestEnvironment.FindDeltaRead() is not { } deltaRead)
        {
            return;
        }

        string[] tables = ["bronze/sensor-readings", "silver/normal-readings", "gold/anomalies"];
        await Task.WhenAll(tables.Select(t => Path.Combine(data, "lake", t))
            .Where(folder => Directory.Exists(Path.Combine(folder, "_delta_log")) && Directory.EnumerateFiles(Path.Combine(folder, "_delta_log"), "*.json").Any())
            .Select(folder => OutsideProgram.RunAsync(deltaRead, folder)));
    }

    private static Task AssertVerifiesAsync(string data) =>
        OutsideProgram.RunAsync(Path.Combine(AppContext.BaseDirectory, "IotAnalytics.Web"), "lake", "verify", "--data", data);
}

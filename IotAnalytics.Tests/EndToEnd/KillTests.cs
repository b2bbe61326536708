using System.Diagnostics;
using System.Globalization;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>
/// Kills the host again and again while readings are posted and champion and shadow change, then asks outsiders what is there.
/// IOT_TEST_KILL_CYCLES sets the number of cycles (default 20).
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
            await PrepareAsync(data);
            var load = new ReadingLoad(1);
            for (var cycle = 0; cycle < cycles; cycle++)
            {
                // Half of the cycles die at a random moment, the others within a step of the protocol.
                var failPoint = cycle % 2 == 0 ? null : $"{FailPoints[cycle / 2 % FailPoints.Length]}:die:{random.Next(1, 4)}";
                await RunOneCycleAsync(data, load, failPoint, TimeSpan.FromMilliseconds(random.Next(300, 2500)));
                await ExactlyOnce.AssertTablesOpenAsync(data);
            }

            await using (var last = HostProcess.Start(data, Settings))
            {
                Assert.True(await last.WaitReadyAsync(TestContext.Current.CancellationToken), last.Output);
                await ExactlyOnce.WaitUntilAllIsTakenAsync(last, data);
                Assert.Equal(0, await last.StopAsync());
            }

            await ExactlyOnce.AssertTablesOpenAsync(data);
            ExactlyOnce.AssertKept(data, load);
            await AssertModelsAgreeAsync(data);
            await ExactlyOnce.AssertVerifiesAsync(data);
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
        var changing = ChangeModelsAsync(data, stop.Token);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < (failPoint is null ? life : TimeSpan.FromSeconds(3)) && !host.HasExited;)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await host.KillAsync();
        await stop.CancelAsync();
        await posting;
        await changing;
    }

    /// <summary>A second version of the model.</summary>
    private static async Task PrepareAsync(string data)
    {
        await using var host = await StartInProcessAsync(data);
        await PlanOracle.AddVersionAsync(host.Services, threshold: 0.55);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    private static Task<PipelineHost> StartInProcessAsync(string data) => PipelineHost.StartAsync(
        data, new Dictionary<string, string?>(),
        (services, token) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), token),
        customize: null, TestContext.Current.CancellationToken);

    /// <summary>Promotes, rolls back, and puts a shadow beside the champion, again and again, as another host would.</summary>
    private static async Task ChangeModelsAsync(string data, CancellationToken stop)
    {
        string[] states =
        [
            "champion = '2', shadow = NULL, shadow_share = 0", "champion = '1', shadow = '2', shadow_share = 0.5",
            "champion = '1', shadow = NULL, shadow_share = 0", "champion = '2', shadow = '1', shadow_share = 0",
        ];
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(data, "analytics.db")};Pooling=False");
        await connection.OpenAsync(CancellationToken.None);
        for (var change = 0; !stop.IsCancellationRequested; change++)
        {
            await using var command = new SqliteCommand($"UPDATE model SET {states[change % states.Length]}", connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
            await Task.Delay(300, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Every row names the version that the assignment of its offset calls for, and every row that a shadow scored counts once.</summary>
    private static async Task AssertModelsAgreeAsync(string data)
    {
        await using var host = await StartInProcessAsync(data);
        var assignments = await PlanOracle.ReadAsync(host.Services.GetRequiredService<DatabaseReader>());
        await host.StopAsync(TestContext.Current.CancellationToken);
        using var oracle = new LakeOracle(data);
        var rows = PlanOracle.AssertRowsAgree(oracle, assignments);
        Assert.True(rows["1"] > 0 && rows["2"] > 0 && assignments.Count > 4, $"{assignments.Count} assignments");
        var shadowed = string.Join(" OR ", assignments.Select((a, i) => (a.Plan, a.From, Next: i + 1 < assignments.Count ? assignments[i + 1].From : long.MaxValue))
            .Where(a => a.Plan.Models[0].Shadow is not null).Select(a => $"(record_offset >= {a.From} AND record_offset < {a.Next})"));
        var scored = oracle.Lake<long>(
            $"SELECT count(*) FROM (SELECT record_offset, anomaly_score FROM silver UNION ALL SELECT record_offset, anomaly_score FROM gold) WHERE anomaly_score IS NOT NULL AND ({shadowed})");
        Assert.True(scored > 0, "no row had a shadow");
        Assert.Equal(scored, oracle.Database<long>("""SELECT sum("both" + champion_only + shadow_only + neither) FROM shadow_minute"""));
        Assert.Equal(oracle.Database<long>("SELECT count(*) FROM anomaly WHERE is_other_anomaly"), oracle.Database<long>("""SELECT sum("both") FROM shadow_minute"""));
    }
}

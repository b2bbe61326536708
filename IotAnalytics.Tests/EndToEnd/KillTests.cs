using System.Diagnostics;
using System.Globalization;

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
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < (failPoint is null ? life : TimeSpan.FromSeconds(3)) && !host.HasExited;)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await host.KillAsync();
        await stop.CancelAsync();
        await posting;
    }
}

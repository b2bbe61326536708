using System.Diagnostics;
using System.Net;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>The whole embedded host on a disk that is really full for a while: log, database, spool and lake are all on it.</summary>
public sealed class DiskFullTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _disk = Directory.CreateTempSubdirectory("iot-disk-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Data => Path.Combine(_disk, "data");

    private string Ballast => Path.Combine(_disk, "ballast");

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Assert.Skip("a small disk can be mounted by root on Linux only");
        }

        await OutsideProgram.RunAsync("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", _disk);
        Directory.CreateDirectory(Data);
    }

    public async ValueTask DisposeAsync()
    {
        await OutsideProgram.TryAsync("umount", _disk);
        Directory.Delete(_disk, recursive: true);
    }

    [Fact]
    public async Task A_full_disk_refuses_readings_and_loses_none_and_the_host_goes_on_by_itself_when_there_is_room()
    {
        var load = new ReadingLoad(3);
        await using (var host = HostProcess.Start(Data, new Dictionary<string, string>
        {
            ["Lake:CutAge"] = "00:00:01",
            ["Lake:PublishInterval"] = "00:00:00.5",
            ["Limits:RequestsPerMinutePerKey"] = "0",
        }))
        {
            Assert.True(await host.WaitReadyAsync(Token), host.Output);
            using var client = host.CreateClient(Data);
            using var stop = new CancellationTokenSource();
            var posting = load.RunAsync(client, stop.Token);
            await UntilAsync(() => Task.FromResult(load.Acknowledged.Count > 50), "there is a load", host);

            // The databases have pages of their own to spare: it takes a while until they need the disk.
            await UntilAsync(
                () =>
                {
                    Fill();
                    return Task.FromResult(load.Refusal.Length > 0);
                },
                "a full disk refuses readings and says when to come again", host);
            Assert.Contains(load.Refusal, new[] { "log_unavailable", "pipeline_paused", "database_unavailable" });
            var acknowledged = load.Acknowledged.Count;
            await Task.Delay(TimeSpan.FromSeconds(3), Token);
            Assert.False(host.HasExited, host.Output);
            using var live = await client.GetAsync("/health/live", Token);
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);

            File.Delete(Ballast);
            await UntilAsync(() => Task.FromResult(load.Acknowledged.Count > acknowledged + 50), "readings are taken again", host);
            await stop.CancelAsync();
            await posting;
            await ExactlyOnce.WaitUntilAllIsTakenAsync(host, Data);
            Assert.Equal(0, await host.StopAsync());
        }

        ExactlyOnce.AssertKept(Data, load);
        await ExactlyOnce.AssertTablesOpenAsync(Data);
        await ExactlyOnce.AssertVerifiesAsync(Data);
    }

    private void Fill()
    {
        try
        {
            using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 1);
            for (var block = new byte[4096]; ;)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> isDone, string what, HostProcess host)
    {
        for (var watch = Stopwatch.StartNew(); !await isDone();)
        {
            Assert.True(watch.Elapsed < Patience && !host.HasExited, $"not within {Patience}: {what}{Environment.NewLine}{host.Output}");
            await Task.Delay(50, Token);
        }
    }
}

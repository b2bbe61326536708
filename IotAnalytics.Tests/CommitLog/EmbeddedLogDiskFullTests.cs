using System.Diagnostics;
using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Tests.CommitLog;

public sealed class EmbeddedLogDiskFullTests
{
    [Fact]
    public async Task A_full_disk_refuses_appends_keeps_what_was_acknowledged_and_resumes_by_itself()
    {
        var token = TestContext.Current.CancellationToken;
        var mount = Directory.CreateTempSubdirectory("iot-full-").FullName;
        if (!await RunAsync("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", mount))
        {
            Directory.Delete(mount);
            Assert.Skip("A small file system could not be mounted (this needs root on Linux).");
        }

        try
        {
            var ballast = Path.Combine(mount, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[8 << 20], token);
            var log = LogFolder.Log(mount);
            await log.OpenAsync(token);
            var body = new byte[200_000];
            var appended = 0;
            var refused = await Assert.ThrowsAsync<LogUnavailableException>(async () =>
            {
                for (; appended < 1_000; appended++)
                {
                    await log.AppendAsync([new LogRecord(0, appended, body)], null, token);
                }
            });
            Assert.Contains("the disk is full", refused.Message, StringComparison.Ordinal);
            Assert.InRange(appended, 10, 200);
            Assert.Equal(new LogBounds(0, appended), await log.GetBoundsAsync(0, token));
            await Assert.ThrowsAsync<LogUnavailableException>(() => log.AppendAsync([new LogRecord(0, 0, body)], null, token).AsTask());

            File.Delete(ballast);
            Assert.Equal(appended, (await log.AppendAsync([new LogRecord(0, appended, body)], null, token)).Positions.Single().Offset);

            await log.DisposeAsync();
            await using var reopened = LogFolder.Log(mount);
            await reopened.OpenAsync(token);
            Assert.Equal(new LogBounds(0, appended + 1), await reopened.GetBoundsAsync(0, token));
        }
        finally
        {
            await RunAsync("umount", "-l", mount);
            Directory.Delete(mount);
        }
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

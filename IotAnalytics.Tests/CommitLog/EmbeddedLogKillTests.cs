using System.Globalization;
using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Tests.CommitLog;

public sealed class EmbeddedLogKillTests
{
    [Fact]
    public async Task Every_acknowledged_record_survives_kill_9()
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new LogFolder();
        var acknowledged = -1L;
        for (var cycle = 0; cycle < 5; cycle++)
        {
            using var child = AppendChild.Start(folder.Path);
            var enough = acknowledged + 20 + cycle * 37;
            while (await child.StandardOutput.ReadLineAsync(token) is { } line)
            {
                acknowledged = long.Parse(line, CultureInfo.InvariantCulture);
                if (acknowledged >= enough)
                {
                    child.Kill();
                }
            }

            await child.WaitForExitAsync(token);
            Assert.True(acknowledged >= enough, "The child ended by itself.");
            acknowledged = await VerifyAsync(folder, acknowledged);
        }
    }

    // Returns the last offset: an append whose acknowledgement was not heard may be there too.
    private static async Task<long> VerifyAsync(LogFolder folder, long acknowledged)
    {
        await using var log = await folder.OpenAsync();
        var (offset, end) = await log.GetBoundsAsync(0, TestContext.Current.CancellationToken);
        Assert.Equal(0, offset);
        Assert.True(end > acknowledged, $"{acknowledged} was acknowledged, but the log ends at {end}.");
        using var batch = new RecordBatch();
        while (offset < end)
        {
            await log.ReadAsync(0, offset, batch, 1 << 20, TimeSpan.Zero, TestContext.Current.CancellationToken);
            for (var i = 0; i < batch.Count; i++, offset++)
            {
                Assert.Equal((offset, offset), (batch[i].Offset, batch[i].RecordTimeMs));
                Assert.True(batch.Value(i).SequenceEqual(AppendChild.Value(offset)), $"The bytes of offset {offset} are others.");
            }
        }

        return end - 1;
    }
}

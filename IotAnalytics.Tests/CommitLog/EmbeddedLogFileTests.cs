using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Embedded;

namespace IotAnalytics.Tests.CommitLog;

public sealed class EmbeddedLogFileTests : IDisposable
{
    private readonly LogFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_second_host_is_told_who_holds_the_folder()
    {
        await using (await _folder.OpenAsync())
        {
            var message = await RefusalAsync();
            Assert.Contains($"pid {Environment.ProcessId} on {Environment.MachineName} since 20", message, StringComparison.Ordinal);
        }

        await using var next = await _folder.OpenAsync();
        Assert.Equal(1, next.PartitionCount);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        var bytes = new byte[50_000];
        new Random(3).NextBytes(bytes);
        await File.WriteAllBytesAsync(_folder.File, bytes, Token);

        Assert.Contains("not an SQLite database", await RefusalAsync(), StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.File, Token));
    }

    [Fact]
    public async Task Another_programs_database_is_refused()
    {
        _folder.Sql("CREATE TABLE theirs (x); PRAGMA user_version = 1;");
        Assert.Contains("not a commit log", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_format_is_refused()
    {
        await (await _folder.OpenAsync()).DisposeAsync();
        _folder.Sql("PRAGMA user_version = 99");
        Assert.Contains("has format 99, made by a newer version", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_emptied_file_beside_its_write_ahead_log_is_refused()
    {
        await File.WriteAllBytesAsync(_folder.File, [], Token);
        await File.WriteAllBytesAsync(_folder.File + "-wal", new byte[5_000], Token);
        Assert.Contains("damaged", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_records_are_noticed_at_open()
    {
        var log = await _folder.OpenAsync();
        await log.AppendAsync([.. Enumerable.Range(0, 5).Select(i => new LogRecord(0, i, new byte[10]))], null, Token);
        await log.DisposeAsync();
        _folder.Sql("DELETE FROM record WHERE record_offset < 2");
        Assert.Contains("partition 0 should hold offsets 0 to 5, but some are missing", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_torn_write_ahead_log_gives_the_groups_before_the_tear()
    {
        // A copy taken while the log is open is what a power cut leaves; then the last group's frames are torn.
        var log = await _folder.OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            await log.AppendAsync([new LogRecord(0, i, new byte[50_000])], null, Token);
        }

        using var copy = new LogFolder();
        foreach (var suffix in new[] { "", "-wal" })
        {
            File.Copy(_folder.File + suffix, copy.File + suffix);
        }

        await log.DisposeAsync();
        await using (var wal = new FileStream(copy.File + "-wal", FileMode.Open))
        {
            wal.SetLength(wal.Length - 20_000);
        }

        await using var torn = await copy.OpenAsync();
        Assert.Equal(new LogBounds(0, 4), await torn.GetBoundsAsync(0, Token));
        Assert.Equal(4, (await torn.AppendAsync([new LogRecord(0, 9, new byte[10])], null, Token)).Positions.Single().Offset);
    }

    [Fact]
    public async Task The_number_of_partitions_may_grow_but_not_shrink()
    {
        var log = await _folder.OpenAsync(new EmbeddedLogOptions { Partitions = 2 });
        await log.AppendAsync([new LogRecord(1, 1, new byte[10])], null, Token);
        await log.DisposeAsync();

        var refused = await Assert.ThrowsAsync<CommitLogException>(() => _folder.OpenAsync(new EmbeddedLogOptions { Partitions = 1 }));
        Assert.Contains("CommitLog:Embedded:Partitions is 1, but the commit log", refused.Message, StringComparison.Ordinal);

        await using var grown = await _folder.OpenAsync(new EmbeddedLogOptions { Partitions = 4 });
        Assert.Equal(4, grown.PartitionCount);
        Assert.Equal(1, (await grown.GetBoundsAsync(1, Token)).HighWatermark);
        Assert.Equal(new LogPosition(3, 0), (await grown.AppendAsync([new LogRecord(3, 1, new byte[10])], null, Token)).Positions.Single());
    }

    [Fact]
    public async Task A_folder_that_does_not_exist_is_one_clear_line()
    {
        await using var log = LogFolder.Log(Path.Combine(_folder.Path, "missing"));
        var refused = await Assert.ThrowsAsync<CommitLogException>(() => log.OpenAsync(Token));
        Assert.Contains("cannot be written", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_pages_are_one_clear_line()
    {
        var log = await _folder.OpenAsync();
        await log.AppendAsync([new LogRecord(0, 1, new byte[200_000])], null, Token);
        await log.DisposeAsync();
        await using (var file = new FileStream(_folder.File, FileMode.Open))
        {
            // Every page but the first loses its head.
            for (var page = 16_384L; page < file.Length; page += 16_384)
            {
                file.Position = page;
                file.Write(new byte[64]);
            }
        }

        Assert.Contains("damaged", await RefusalAsync(), StringComparison.Ordinal);
    }

    private async Task<string> RefusalAsync()
    {
        await using var log = LogFolder.Log(_folder.Path);
        var refused = await Assert.ThrowsAsync<CommitLogException>(() => log.OpenAsync(Token));
        Assert.DoesNotContain('\n', refused.Message);
        return refused.Message;
    }
}

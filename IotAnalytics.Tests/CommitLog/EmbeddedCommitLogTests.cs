using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Embedded;
using IotAnalytics.Tests.Conformance;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.CommitLog;

public sealed class EmbeddedCommitLogTests : CommitLogConformance
{
    private readonly LogFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_byte_bound_refuses_and_trimming_makes_room()
    {
        var log = await _folder.OpenAsync(new EmbeddedLogOptions { MaxBytes = 1 << 20 });
        await using var _ = log;
        var half = new byte[400 << 10];
        await log.AppendAsync([new LogRecord(0, 1, half)], null, Token);
        await log.AppendAsync([new LogRecord(0, 1, half)], null, Token);

        await Assert.ThrowsAsync<LogFullException>(() => log.AppendAsync([new LogRecord(0, 1, half)], null, Token).AsTask());
        var small = await log.AppendAsync([Record(0, 1, "still fits")], null, Token);
        Assert.Equal(2, small.Positions.Single().Offset);

        await log.TrimAsync(0, 1, Token);
        var again = await log.AppendAsync([new LogRecord(0, 1, half)], null, Token);
        Assert.Equal(3, again.Positions.Single().Offset);
    }

    [Fact]
    public async Task An_append_to_several_partitions_that_does_not_fit_leaves_nothing()
    {
        var log = await _folder.OpenAsync(new EmbeddedLogOptions { MaxBytes = 1 << 20, Partitions = 2 });
        await using var _ = log;
        var append = log.AppendAsync([Record(0, 1, "fits"), new LogRecord(1, 1, new byte[2 << 20])], Request("k", "h", "{}"), Token).AsTask();

        await Assert.ThrowsAsync<LogFullException>(() => append);

        Assert.Equal(new LogBounds(0, 0), await log.GetBoundsAsync(0, Token));
        Assert.Null(await log.FindRequestAsync("k", Token));
    }

    [Fact]
    public async Task Trimmed_offsets_cannot_be_read_and_are_never_given_again()
    {
        var log = await NewAsync(1);
        await log.AppendAsync([.. Enumerable.Range(0, 10).Select(i => Record(0, i, $"r{i}"))], null, Token);

        await log.TrimAsync(0, 4, Token);
        using var batch = new RecordBatch();
        var gone = await Assert.ThrowsAsync<OffsetTrimmedException>(() => log.ReadAsync(0, 3, batch, 1_000, TimeSpan.Zero, Token).AsTask());
        Assert.Equal(4, gone.Start);
        Assert.Equal(new LogBounds(4, 10), await log.GetBoundsAsync(0, Token));
        Assert.Equal(4, await log.GetRecordTimeAsync(0, 0, Token));

        await log.TrimAsync(0, 10, Token);
        log = await ReopenedAsync(log);
        Assert.Equal(new LogBounds(10, 10), await log.GetBoundsAsync(0, Token));
        Assert.Equal(0L, _folder.Sql("SELECT count(*) FROM record"));
        Assert.Equal(10, (await log.AppendAsync([Record(0, 1, "next")], null, Token)).Positions.Single().Offset);
    }

    [Fact]
    public async Task A_trim_never_goes_beyond_the_end_or_back()
    {
        var log = await NewAsync(1);
        await log.AppendAsync([Record(0, 1, "a"), Record(0, 1, "b")], null, Token);
        await log.TrimAsync(0, 99, Token);
        await log.TrimAsync(0, 1, Token);
        Assert.Equal(new LogBounds(2, 2), await log.GetBoundsAsync(0, Token));
    }

    [Fact]
    public async Task The_file_does_not_grow_while_appends_and_trims_go_on()
    {
        var log = await NewAsync(1);
        var body = new byte[100_000];
        for (var i = 0; i < 1_500; i++)
        {
            var offset = (await log.AppendAsync([new LogRecord(0, 1, body)], null, Token)).Positions.Single().Offset;
            await log.TrimAsync(0, offset - 20, Token);
        }

        // 150 MB went through; 2 MB are alive, and a checkpoint runs every 4 MiB.
        Assert.InRange(new FileInfo(_folder.File).Length, 1, 60_000_000);
        Assert.InRange(new FileInfo(_folder.File + "-wal").Length, 1, 80_000_000);
    }

    [Fact]
    public async Task A_request_is_forgotten_after_24_hours_and_its_key_can_be_used_again()
    {
        await using var log = await _folder.OpenAsync(time: _time);
        await log.AppendAsync([Record(0, 1, "a")], Request("key", "hash", "{}"), Token);
        _time.Advance(TimeSpan.FromHours(23.9));
        Assert.NotNull(await log.FindRequestAsync("key", Token));

        _time.Advance(TimeSpan.FromHours(0.2));
        Assert.Null(await log.FindRequestAsync("key", Token));
        Assert.Null((await log.AppendAsync([Record(0, 1, "b")], Request("key", "other", "{}"), Token)).Earlier);
        Assert.Equal(1L, _folder.Sql("SELECT count(*) FROM request"));

        _time.Advance(TimeSpan.FromHours(25));
        await log.AppendAsync([Record(0, 1, "c")], null, Token);
        Assert.Equal(0L, _folder.Sql("SELECT count(*) FROM request"));
        Assert.Equal(0L, _folder.Sql("SELECT request_bytes FROM log"));
    }

    [Fact]
    public async Task A_reader_waits_by_the_given_clock()
    {
        await using var log = await _folder.OpenAsync(time: _time);
        using var batch = new RecordBatch();
        var read = log.ReadAsync(0, 0, batch, 1_000, TimeSpan.FromSeconds(5), Token).AsTask();
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(read.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await read;
        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public async Task An_append_cancelled_beforehand_leaves_nothing()
    {
        var log = await NewAsync(1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => log.AppendAsync([Record(0, 1, "x")], null, new CancellationToken(canceled: true)).AsTask());
        Assert.Equal(0, (await log.GetBoundsAsync(0, Token)).HighWatermark);
    }

    protected override async Task<ICommitLog> CreateAsync(int partitions) =>
        await _folder.OpenAsync(new EmbeddedLogOptions { Partitions = partitions });

    protected override async Task<ICommitLog> ReopenAsync(ICommitLog log)
    {
        var partitions = log.PartitionCount;
        await log.DisposeAsync();
        return await CreateAsync(partitions);
    }
}

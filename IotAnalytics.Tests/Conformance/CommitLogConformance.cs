using System.Text;
using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Tests.Conformance;

/// <summary>What every commit log must do. An adapter inherits it and says how to make one.</summary>
public abstract class CommitLogConformance : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly RecordBatch _batch = new();
    private readonly List<ICommitLog> _logs = [];

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A new, empty, open log.</summary>
    protected abstract Task<ICommitLog> CreateAsync(int partitions);

    /// <summary>Closes the log and opens what it left.</summary>
    protected abstract Task<ICommitLog> ReopenAsync(ICommitLog log);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var log in _logs)
        {
            await log.DisposeAsync();
        }

        _batch.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Offsets_are_dense_and_in_the_order_of_acknowledgement_under_16_appenders()
    {
        var log = await NewAsync(1);
        var acknowledged = new long[16][];
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async appender =>
        {
            acknowledged[appender] = new long[50];
            for (var i = 0; i < 50; i++)
            {
                acknowledged[appender][i] = (await log.AppendAsync([Record(0, 1, $"{appender}:{i}")], null, Token)).Positions.Single().Offset;
            }
        }));

        foreach (var own in acknowledged)
        {
            Assert.Equal(own.Order(), own);
        }

        var read = await ReadAllAsync(log, 0);
        Assert.Equal(Enumerable.Range(0, 800).Select(i => (long)i), read.Select(r => r.Offset));
        for (var appender = 0; appender < 16; appender++)
        {
            Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{appender}:{i}"), acknowledged[appender].Select(o => read[(int)o].Value));
        }
    }

    [Fact]
    public async Task Bytes_and_record_time_come_back_as_they_were_given()
    {
        var log = await NewAsync(1);
        var value = new byte[300_000];
        new Random(7).NextBytes(value);
        await log.AppendAsync([new LogRecord(0, -5, value), new LogRecord(0, 1_700_000_000_123, "x"u8.ToArray())], null, Token);

        await log.ReadAsync(0, 0, _batch, int.MaxValue, Soon, Token);

        Assert.Equal(2, _batch.Count);
        Assert.Equal([0L, 1L], [_batch[0].Offset, _batch[1].Offset]);
        Assert.Equal([-5L, 1_700_000_000_123L], [_batch[0].RecordTimeMs, _batch[1].RecordTimeMs]);
        Assert.True(value.AsSpan().SequenceEqual(_batch.Value(0)));
        Assert.True("x"u8.SequenceEqual(_batch.Value(1)));
        Assert.Equal(1_700_000_000_123L, await log.GetRecordTimeAsync(0, 1, Token));
        Assert.Null(await log.GetRecordTimeAsync(0, 2, Token));
    }

    [Fact]
    public async Task Records_of_one_append_reach_their_partitions_with_positions_in_order()
    {
        var log = await NewAsync(3);
        await log.AppendAsync([Record(2, 1, "before")], null, Token);

        var result = await log.AppendAsync([Record(2, 1, "c"), Record(0, 1, "a"), Record(2, 1, "d")], null, Token);

        Assert.Equal([new LogPosition(2, 1), new LogPosition(0, 0), new LogPosition(2, 2)], result.Positions);
        Assert.Equal(["a"], (await ReadAllAsync(log, 0)).Select(r => r.Value));
        Assert.Empty(await ReadAllAsync(log, 1));
        Assert.Equal(["before", "c", "d"], (await ReadAllAsync(log, 2)).Select(r => r.Value));
        Assert.Equal(new LogBounds(0, 3), await log.GetBoundsAsync(2, Token));
    }

    [Fact]
    public async Task A_read_stops_near_its_byte_bound_but_gives_at_least_one_record()
    {
        var log = await NewAsync(1);
        await log.AppendAsync([.. Enumerable.Range(0, 10).Select(_ => new LogRecord(0, 1, new byte[1_000]))], null, Token);

        await log.ReadAsync(0, 0, _batch, 3_500, Soon, Token);
        Assert.InRange(_batch.Count, 3, 4);
        await log.ReadAsync(0, 5, _batch, 1, Soon, Token);
        Assert.Equal(5, Assert.Single(Offsets()));
    }

    [Fact]
    public async Task A_waiting_reader_wakes_at_the_append()
    {
        var log = await NewAsync(1);
        var read = log.ReadAsync(0, 0, _batch, 1_000, TimeSpan.FromMinutes(10), Token).AsTask();
        Assert.False(read.IsCompleted);

        await log.AppendAsync([Record(0, 1, "new")], null, Token);
        await read.WaitAsync(Soon, Token);

        Assert.Equal(0, Assert.Single(Offsets()));
    }

    [Fact]
    public async Task A_read_at_the_end_gives_nothing_when_the_time_is_over()
    {
        var log = await NewAsync(1);
        await log.ReadAsync(0, 0, _batch, 1_000, TimeSpan.Zero, Token);
        Assert.Equal(0, _batch.Count);
        await log.ReadAsync(0, 0, _batch, 1_000, TimeSpan.FromMilliseconds(1), Token);
        Assert.Equal(0, _batch.Count);
    }

    [Fact]
    public async Task A_waiting_reader_hears_its_cancellation()
    {
        var log = await NewAsync(1);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var read = log.ReadAsync(0, 0, _batch, 1_000, TimeSpan.FromMinutes(10), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Soon, Token));
    }

    [Fact]
    public async Task Records_and_identity_survive_reopening()
    {
        var log = await NewAsync(2);
        await log.AppendAsync([Record(0, 1, "a"), Record(1, 2, "b")], null, Token);
        var source = log.Source;

        log = await ReopenedAsync(log);

        Assert.Equal(source, log.Source);
        Assert.Equal(2, log.PartitionCount);
        Assert.Equal(["a"], (await ReadAllAsync(log, 0)).Select(r => r.Value));
        var next = await log.AppendAsync([Record(1, 3, "c")], null, Token);
        Assert.Equal(new LogPosition(1, 1), next.Positions.Single());
        Assert.Equal(["b", "c"], (await ReadAllAsync(log, 1)).Select(r => r.Value));
    }

    [Fact]
    public async Task A_repeated_key_appends_nothing_and_gives_the_earlier_answer()
    {
        var log = await NewAsync(2);
        Assert.Null(await log.FindRequestAsync("key", Token));
        var first = await log.AppendAsync([Record(0, 1, "a"), Record(1, 1, "b")], Request("key", "hash-1", "{\"n\":1}"), Token);
        Assert.Null(first.Earlier);

        var second = await log.AppendAsync([Record(0, 1, "a")], Request("key", "hash-2", "{\"n\":2}"), Token);

        Assert.Empty(second.Positions);
        AssertFirst(second.Earlier);
        AssertFirst(await log.FindRequestAsync("key", Token));
        log = await ReopenedAsync(log);
        AssertFirst(await log.FindRequestAsync("key", Token));
        Assert.Equal(1, (await log.GetBoundsAsync(0, Token)).HighWatermark);

        void AssertFirst(IdempotentRequest? earlier)
        {
            Assert.NotNull(earlier);
            Assert.Equal(("key", "hash-1", "{\"n\":1}"), (earlier.Key, earlier.BodySha256, earlier.Answer));
            Assert.Equal(first.Positions, earlier.Positions);
        }
    }

    [Fact]
    public async Task Of_two_requests_with_one_key_at_once_one_appends()
    {
        var log = await NewAsync(1);
        for (var round = 0; round < 20; round++)
        {
            var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
                log.AppendAsync([Record(0, 1, "body")], Request($"key-{round}", "hash", "{}"), Token).AsTask()));

            var winner = Assert.Single(results, r => r.Earlier is null);
            Assert.All(results.Where(r => r.Earlier is not null), r => Assert.Equal(winner.Positions, r.Earlier!.Positions));
        }

        Assert.Equal(20, (await log.GetBoundsAsync(0, Token)).HighWatermark);
    }

    [Fact]
    public async Task An_offset_beyond_the_end_is_refused()
    {
        var log = await NewAsync(1);
        await Assert.ThrowsAsync<CommitLogException>(() => log.ReadAsync(0, 1, _batch, 1_000, TimeSpan.Zero, Token).AsTask());
    }

    [Fact]
    public async Task Closing_twice_and_appending_afterwards_is_orderly()
    {
        var log = await NewAsync(1);
        var read = log.ReadAsync(0, 0, _batch, 1_000, TimeSpan.FromMinutes(10), Token).AsTask();
        await log.DisposeAsync();
        await log.DisposeAsync();
        await Assert.ThrowsAsync<LogUnavailableException>(() => read.WaitAsync(Soon, Token));
        await Assert.ThrowsAsync<LogUnavailableException>(() => log.AppendAsync([Record(0, 1, "late")], null, Token).AsTask());
    }

    protected static LogRecord Record(int partition, long timeMs, string value) => new(partition, timeMs, Encoding.UTF8.GetBytes(value));

    protected static IdempotentRequest Request(string key, string hash, string answer) => new(key, hash, answer, []);

    protected async Task<ICommitLog> NewAsync(int partitions)
    {
        var log = await CreateAsync(partitions);
        _logs.Add(log);
        return log;
    }

    protected async Task<ICommitLog> ReopenedAsync(ICommitLog log)
    {
        var reopened = await ReopenAsync(log);
        _logs.Add(reopened);
        return reopened;
    }

    protected static async Task<List<(long Offset, string Value)>> ReadAllAsync(ICommitLog log, int partition)
    {
        var all = new List<(long, string)>();
        var (offset, end) = await log.GetBoundsAsync(partition, Token);
        using var batch = new RecordBatch();
        while (offset < end)
        {
            await log.ReadAsync(partition, offset, batch, 4_096, Soon, Token);
            for (var i = 0; i < batch.Count; i++)
            {
                all.Add((batch[i].Offset, Encoding.UTF8.GetString(batch.Value(i))));
                offset = batch[i].Offset + 1;
            }
        }

        return all;
    }

    private List<long> Offsets() => [.. Enumerable.Range(0, _batch.Count).Select(i => _batch[i].Offset)];
}

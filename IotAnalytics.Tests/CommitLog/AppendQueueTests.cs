using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Embedded;

namespace IotAnalytics.Tests.CommitLog;

public sealed class AppendQueueTests
{
    [Fact]
    public void Beyond_its_bytes_the_queue_refuses_until_something_was_taken()
    {
        var queue = new AppendQueue(maxBytes: 100);
        queue.Add(Request(60));
        Assert.Throws<LogUnavailableException>(() => queue.Add(Request(60)));
        queue.Add(Request(40));

        Assert.True(queue.TryTake(out var first));
        Assert.Equal(60, first.ByteCount);
        queue.Add(Request(60));
    }

    [Fact]
    public void A_request_larger_than_the_bound_passes_when_it_is_alone()
    {
        var queue = new AppendQueue(maxBytes: 100);
        queue.Add(Request(500));
        Assert.Throws<LogUnavailableException>(() => queue.Add(Request(1)));
    }

    [Fact]
    public async Task A_cancelled_request_is_passed_over_and_its_caller_released()
    {
        var queue = new AppendQueue(maxBytes: 100);
        var (cancelled, kept) = (Request(10), Request(20));
        queue.Add(cancelled);
        queue.Add(kept);
        cancelled.Cancel(new CancellationToken(canceled: true));

        Assert.True(queue.TryTake(out var taken));
        Assert.Same(kept, taken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Task);

        kept.Cancel(new CancellationToken(canceled: true));
        Assert.False(kept.Task.IsCompleted, "A request that the writer has taken can be cancelled no more.");
    }

    [Fact]
    public void A_closed_queue_serves_what_it_has_and_takes_no_more()
    {
        var queue = new AppendQueue(maxBytes: 100);
        queue.Add(Request(10));
        queue.Close("closing");
        Assert.Throws<LogUnavailableException>(() => queue.Add(Request(10)));
        Assert.True(queue.Wait(Timeout.InfiniteTimeSpan));
        Assert.True(queue.TryTake(out _));
        Assert.False(queue.Wait(Timeout.InfiniteTimeSpan));
    }

    private static AppendRequest Request(int bytes) => new([], null, bytes);
}

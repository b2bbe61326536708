using IotAnalytics.Core.Pipeline;

namespace IotAnalytics.Tests.Pipeline;

public sealed class PoisonHuntTests
{
    [Fact]
    public void A_failing_batch_is_run_again_record_by_record()
    {
        var hunt = new PoisonHunt();

        Assert.False(hunt.Narrow(10, 14));

        Assert.Equal([10, 11, 12, 14, long.MaxValue], new[] { 5L, 10, 11, 13, 14 }.Select(hunt.StopBefore));
    }

    [Fact]
    public void The_record_that_fails_alone_is_poison_and_batches_end_before_it()
    {
        var hunt = new PoisonHunt();

        Assert.True(hunt.Narrow(12, 13));

        Assert.True(hunt.IsPoison(12));
        Assert.Equal(12, hunt.StopBefore(3));
        Assert.Equal(long.MaxValue, hunt.StopBefore(13));
    }
}

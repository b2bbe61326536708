using IotAnalytics.Core.Pipeline;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Pipeline;

public sealed class SinkRetryTests
{
    private readonly PipelineMonitor _monitor = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SinkRetry _retry;

    public SinkRetryTests()
    {
        _monitor.Update(new PartitionState(1, 0, "test", 1, "running", null, 0, 0, 0, 0, 0, 0, 0, 0, default, null, null));
        _retry = new SinkRetry(0, _monitor, _time, NullLogger.Instance);
    }

    [Fact]
    public async Task A_failing_database_is_tried_again_and_pauses_the_partition_meanwhile()
    {
        var tries = 0;
        var work = _retry.RunAsync(SinkRetry.Database, () => ++tries < 3 ? throw new IOException("disk full") : Task.CompletedTask, TestContext.Current.CancellationToken);

        Assert.Equal((1, "paused"), (tries, _monitor.Partitions[0].Status));
        Assert.Contains("disk full", _monitor.Impediment, StringComparison.Ordinal);
        for (var i = 0; i < 10 && !work.IsCompleted; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        await work;
        Assert.Equal((3, 2, false), (tries, _retry.Retries, _retry.IsDatabaseFailing));
    }

    [Fact]
    public void A_failing_store_lets_cuts_wait_and_pauses_nothing()
    {
        _ = _retry.RunAsync("lake store", () => throw new IOException("away"), TestContext.Current.CancellationToken);

        Assert.Null(_monitor.Impediment);
        Assert.Equal("lake store: away", _retry.Failing);
    }

    [Fact]
    public async Task What_is_not_a_failure_of_the_sink_is_not_tried_again() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => _retry.RunAsync(SinkRetry.Database, () => throw new InvalidOperationException(), TestContext.Current.CancellationToken));
}

using System.Collections.Concurrent;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Pipeline;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Pipeline;

public sealed class PartitionWorkersTests
{
    private readonly PipelineMonitor _monitor = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentDictionary<int, Run> _runs = new();
    private readonly PartitionWorkers _workers;

    public PartitionWorkersTests() => _workers = new PartitionWorkers(RunAsync, _monitor, _time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_revoked_partition_stops_gracefully_and_the_others_go_on()
    {
        Assert.False(_monitor.IsReady);
        _workers.Assigned([0, 1]);
        var (kept, revoked) = (await StartedAsync(0), await StartedAsync(1));

        var over = _workers.RevokedAsync([1]);
        await revoked.StoppingAsync();
        Assert.False(over.IsCompleted);
        revoked.End();
        await over;

        Assert.False(revoked.Abort.IsCancellationRequested);
        Assert.False(kept.Stopping.IsCancellationRequested);
        Assert.Equal([0], _monitor.Partitions.Select(p => p.Partition));
        Assert.True(_monitor.IsReady);
        kept.End();
        await _workers.StopAsync(Token);
    }

    [Fact]
    public async Task A_revoked_partition_that_does_not_end_in_time_is_aborted_and_given_away_all_the_same()
    {
        _workers.Assigned([0]);
        var run = await StartedAsync(0);
        var over = _workers.RevokedAsync([0]);
        await run.StoppingAsync();

        _time.Advance(PartitionWorkers.GraceOfRevoked);
        await run.AbortedAsync();
        Assert.False(over.IsCompleted);
        while (!over.IsCompleted)
        {
            // The timer is made after the abort was told.
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await over;
        Assert.Empty(_monitor.Partitions);

        // It comes back: only one works on it at a time.
        _workers.Assigned([0]);
        Assert.Same(run, _runs[0]);
        run.End();
        var next = await StartedAsync(0, run);
        next.End();
        await _workers.StopAsync(Token);
    }

    [Fact]
    public async Task A_lost_partition_is_aborted_at_once()
    {
        _workers.Assigned([3]);
        var run = await StartedAsync(3);

        _workers.Lost([3]);

        await run.AbortedAsync();
        Assert.True(_monitor.IsReady);
        Assert.Empty(_monitor.Partitions);
        run.End();
        await _workers.StopAsync(Token);
    }

    [Fact]
    public async Task A_stop_lets_all_end_and_starts_none_any_more()
    {
        _workers.Assigned([0, 1]);
        var (first, second) = (await StartedAsync(0), await StartedAsync(1));
        using var abort = new CancellationTokenSource();

        var stop = _workers.StopAsync(abort.Token);
        await first.StoppingAsync();
        first.End();
        Assert.False(stop.IsCompleted);
        await abort.CancelAsync();
        await second.AbortedAsync();
        second.End();
        await stop;

        _workers.Assigned([2]);
        Assert.False(_runs.ContainsKey(2));
        await _workers.RevokedAsync([0, 1]);
        Assert.Equal(2, _monitor.Partitions.Count);
    }

    [Fact]
    public void A_host_without_partitions_is_ready_once_it_belongs_to_the_group()
    {
        _workers.Assigned([]);
        Assert.True(_monitor.IsReady);
    }

    private async Task RunAsync(int partition, CancellationToken stopping, CancellationToken abort)
    {
        var run = new Run(stopping, abort);
        _monitor.Update(new PartitionState(1, partition, "me", 1, "running", null, 0, 0, 0, 0, 0, 0, 0, 0, default(PipelineTotals), null, null));
        _runs[partition] = run;
        await run.Ended;
    }

    private async Task<Run> StartedAsync(int partition, Run? after = null)
    {
        while (true)
        {
            if (_runs.TryGetValue(partition, out var run) && run != after)
            {
                return run;
            }

            await Task.Yield();
            Token.ThrowIfCancellationRequested();
        }
    }

    private sealed class Run(CancellationToken stopping, CancellationToken abort)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken Stopping => stopping;
        public CancellationToken Abort => abort;
        public Task Ended => _ended.Task;

        public void End() => _ended.SetResult();

        public Task StoppingAsync() => FiredAsync(stopping);

        public Task AbortedAsync() => FiredAsync(abort);

        private static async Task FiredAsync(CancellationToken token)
        {
            var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = token.Register(fired.SetResult);
            await fired.Task.WaitAsync(Token);
        }
    }
}

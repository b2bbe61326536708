using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// One worker for each partition that is this host's. A partition that is taken back gets a short time to finish its cut and is aborted then: whatever an
/// aborted worker still tries is fenced by the database as soon as the next owner has claimed. A partition that comes back waits for the end of its last worker.
/// </summary>
/// <param name="run">Runs a partition (which, stop gracefully, stop now). Does not throw.</param>
internal sealed class PartitionWorkers(Func<int, CancellationToken, CancellationToken, Task> run, PipelineMonitor monitor, TimeProvider time) : IPartitionOwner
{
    /// <summary>For the end of a cut; the group waits for it, all partitions with it.</summary>
    internal static readonly TimeSpan GraceOfRevoked = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan GraceOfAborted = TimeSpan.FromMilliseconds(500);
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Worker> _running = [];
    private readonly Dictionary<int, Task> _ending = [];
    private bool _stopped;

    public void Assigned(IReadOnlyList<int> partitions)
    {
        lock (_lock)
        {
            if (_stopped)
            {
                return;
            }

            foreach (var partition in partitions)
            {
                if (!_running.ContainsKey(partition))
                {
                    _running[partition] = Start_NeedsLock(partition);
                }
            }

            monitor.Expect(_running.Count);
        }
    }

    public async Task RevokedAsync(IReadOnlyList<int> partitions)
    {
        var workers = Take(partitions);
        await Task.WhenAll(workers.Select(w => w.Stopping.CancelAsync())).ConfigureAwait(false);
        var ended = Task.WhenAll(workers.Select(w => w.Task));
        if (!await EndsWithinAsync(ended, GraceOfRevoked).ConfigureAwait(false))
        {
            await Task.WhenAll(workers.Select(w => w.Abort.CancelAsync())).ConfigureAwait(false);
            await EndsWithinAsync(ended, GraceOfAborted).ConfigureAwait(false);
        }
    }

    public void Lost(IReadOnlyList<int> partitions)
    {
        foreach (var worker in Take(partitions))
        {
            // Callbacks of the tokens may take a while; the caller serves the group.
            _ = Task.Run(() =>
            {
                worker.Stopping.Cancel();
                worker.Abort.Cancel();
            });
        }
    }

    /// <summary>Stops all workers gracefully, and at once when <paramref name="abort"/> fires; returns when all have ended. No worker starts any more.</summary>
    public async Task StopAsync(CancellationToken abort)
    {
        List<Worker> workers;
        List<Task> ending;
        lock (_lock)
        {
            _stopped = true;
            workers = [.. _running.Values];
            ending = [.. _ending.Values];
        }

        await Task.WhenAll(workers.Select(w => w.Stopping.CancelAsync())).ConfigureAwait(false);
        await using var registration = abort.UnsafeRegister(static all => ((List<Worker>)all!).ForEach(w => w.Abort.Cancel()), workers);
        await Task.WhenAll([.. workers.Select(w => w.Task), .. ending]).ConfigureAwait(false);
    }

    private Worker Start_NeedsLock(int partition)
    {
        var (stopping, abort) = (new CancellationTokenSource(), new CancellationTokenSource());
        var before = _ending.GetValueOrDefault(partition, Task.CompletedTask);
        var task = Task.Run(
            async () =>
            {
                await before.ConfigureAwait(false);
                await run(partition, stopping.Token, abort.Token).ConfigureAwait(false);
            },
            CancellationToken.None);
        return new Worker(partition, stopping, abort, task);
    }

    /// <summary>From here on the partitions are not this host's.</summary>
    private List<Worker> Take(IReadOnlyList<int> partitions)
    {
        lock (_lock)
        {
            var workers = new List<Worker>();
            foreach (var partition in partitions)
            {
                if (_running.Remove(partition, out var worker))
                {
                    workers.Add(worker);
                    _ending[partition] = EndAsync(worker);
                }
            }

            // A host that stops still says how far it came.
            if (!_stopped)
            {
                workers.ForEach(w => monitor.Release(w.Partition));
                monitor.Expect(_running.Count);
            }

            return workers;
        }
    }

    private async Task EndAsync(Worker worker)
    {
        await worker.Task.ConfigureAwait(false);
        lock (_lock)
        {
            // Its last words.
            if (!_stopped && !_running.ContainsKey(worker.Partition))
            {
                monitor.Release(worker.Partition);
            }
        }
    }

    private async Task<bool> EndsWithinAsync(Task task, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit, time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private sealed record Worker(int Partition, CancellationTokenSource Stopping, CancellationTokenSource Abort, Task Task);
}

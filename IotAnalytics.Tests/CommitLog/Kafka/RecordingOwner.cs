using System.Diagnostics;
using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Tests.CommitLog.Kafka;

/// <summary>Keeps what it was given.</summary>
internal sealed class RecordingOwner : IPartitionOwner
{
    private readonly Lock _lock = new();
    private readonly SortedSet<int> _held = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Joined { get; private set; }

    public int LostCount { get; private set; }

    public int[] Held
    {
        get
        {
            lock (_lock)
            {
                return [.. _held];
            }
        }
    }

    public void Assigned(IReadOnlyList<int> partitions) => Change(() =>
    {
        Joined = true;
        _held.UnionWith(partitions);
    });

    public Task RevokedAsync(IReadOnlyList<int> partitions)
    {
        Change(() => _held.ExceptWith(partitions));
        return Task.CompletedTask;
    }

    public void Lost(IReadOnlyList<int> partitions) => Change(() =>
    {
        LostCount += partitions.Count;
        _held.ExceptWith(partitions);
    });

    public async Task<TimeSpan> UntilAsync(Func<RecordingOwner, bool> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (condition(this))
                {
                    return Stopwatch.GetElapsedTime(started);
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(limit - Stopwatch.GetElapsedTime(started), cancellationToken);
        }
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}

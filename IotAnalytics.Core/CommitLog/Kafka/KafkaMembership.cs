using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// This host's membership of the consumer group, on a thread of its own that does nothing else: the group says which partitions are the host's. Reading is another
/// client's business, so the partitions are paused here as soon as they come. A member that met a fatal error, or that holds nothing although the group
/// has too few members, is made anew.
/// </summary>
internal sealed class KafkaMembership(KafkaClients clients, KafkaTopic topic, string group, IAdminClient admin, Action<int> rest, ILogger logger)
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Question = TimeSpan.FromSeconds(5);

    /// <summary>So long the owner may take for the end of partitions that are revoked, whatever it does: far below the group's patience.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenMembers = TimeSpan.FromSeconds(1);

    /// <summary>A member that holds nothing for so long asks whether that can be.</summary>
    private const long IdleMs = 60_000;

    /// <summary>Longer than the group waits for a member that has vanished.</summary>
    private const long SilentMs = 15_000;

    private readonly HashSet<int> _held = [];
    private IConsumer<Ignore, Ignore>? _member;
    private volatile Committer? _committer;
    private List<TopicPartition> _unpaused = [];
    private IPartitionOwner? _owner;
    private Task<bool>? _question;
    private long _idleSince;
    private long _joinedAt;
    private bool _announced;
    private volatile string? _broken;
    private Task? _joining;

    /// <summary>Told of partitions that the cluster has and the host did not know, before they are assigned: how many there are now.</summary>
    public required Action<int> Grown { get; init; }

    /// <summary>Called before the group is left, when nothing is processed any more.</summary>
    public required Action Leaving { get; init; }

    /// <summary>Asks the group for this host's share; <see cref="RunAsync"/> goes on from there.</summary>
    public void Begin() => _joining = Task.Run(Join);

    /// <summary>Leaves the group that was joined for nothing: nobody runs.</summary>
    public void Abandon()
    {
        if (Interlocked.Exchange(ref _joining, null) is { } joining && joining.ContinueWith(static t => t.IsCompletedSuccessfully, TaskScheduler.Default).Result)
        {
            Leave();
        }
    }

    public Task RunAsync(IPartitionOwner owner, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                Run(owner, cancellationToken);
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Name = "kafka membership" };
        thread.Start();
        return done.Task;
    }

    /// <summary>Commits as a member of the group, which alone may while it has members. Blocks. False: this host is none now.</summary>
    public bool TryCommit(IEnumerable<TopicPartitionOffset> offsets) => _committer is { } committer && committer.Calls.TryRun(() => committer.Member.Commit(offsets));

    private void Run(IPartitionOwner owner, CancellationToken cancellationToken)
    {
        _owner = owner;
        var begun = Interlocked.Exchange(ref _joining, null);
        begun?.GetAwaiter().GetResult();
        var hasJoined = begun is not null;
        while (!cancellationToken.IsCancellationRequested)
        {
            if (!hasJoined)
            {
                Join();
            }

            hasJoined = false;
            Poll(cancellationToken);
            if (cancellationToken.IsCancellationRequested)
            {
                Leave();
                return;
            }

            Log.MemberRebuilt(logger, group, _broken!);
            KafkaMeters.Rebuilt("member");
            Lost([.. _held]);
            Leave();
            cancellationToken.WaitHandle.WaitOne(BetweenMembers);
        }
    }

    private void Join()
    {
        (_broken, _announced, _question) = (null, false, null);
        _joinedAt = _idleSince = Environment.TickCount64;
        var member = clients.Member(Assign, Revoke, partitions => Lost([.. partitions.Select(p => p.Partition.Value)]), error => _broken = error.Reason);
        member.Subscribe(topic.Name);
        _member = member;
        _committer = new Committer(member, new ClientCalls());
    }

    private void Poll(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && _broken is null)
        {
            try
            {
                // A record that came before the pause is not for here.
                _member!.Consume(Slice);
                Pause();
                Announce();
                LookIfIdle();
            }
            catch (KafkaException e) when (e.Error.IsFatal)
            {
                _broken = e.Error.Reason;
            }
            catch (KafkaException)
            {
                // Told to the error handler, too; the client goes on by itself.
            }
        }
    }

    /// <summary>Gives the partitions back (which calls <see cref="Revoke"/>) and leaves the group.</summary>
    private void Leave()
    {
        Leaving();
        var (member, calls) = _committer!;
        var committed = calls.CloseAsync();
        _committer = null;
        try
        {
            member.Close();
        }
        catch (KafkaException e)
        {
            // The others go on without it when its session is over.
            Log.GroupNotLeft(logger, group, e.Error.Reason);
        }

        // The close answers what still waits.
        committed.Wait();
        member.Dispose();
    }

    private IEnumerable<TopicPartitionOffset> Assign(List<TopicPartition> partitions)
    {
        _held.UnionWith(partitions.Select(p => p.Partition.Value));
        if (partitions.Count > 0)
        {
            Grown(partitions.Max(p => p.Partition.Value) + 1);
        }

        _announced = true;
        Log.PartitionsAssigned(logger, group, partitions.Select(p => p.Partition.Value), _held.Count);
        _owner?.Assigned([.. partitions.Select(p => p.Partition.Value)]);
        _unpaused = [.. _unpaused, .. partitions];
        return partitions.Select(p => new TopicPartitionOffset(p, Offset.End));
    }

    private void Revoke(List<TopicPartitionOffset> partitions)
    {
        int[] numbers = [.. partitions.Select(p => p.Partition.Value)];
        _held.ExceptWith(numbers);
        Log.PartitionsRevoked(logger, group, numbers, _held.Count);
        _owner?.RevokedAsync(numbers).Wait(Patience);
        Array.ForEach(numbers, rest);
        _idleSince = Environment.TickCount64;
    }

    private void Lost(int[] partitions)
    {
        _held.ExceptWith(partitions);
        Log.PartitionsLost(logger, group, partitions);
        _owner?.Lost(partitions);
        Array.ForEach(partitions, rest);
        _idleSince = Environment.TickCount64;
    }

    private void Pause()
    {
        if (_unpaused.Count > 0)
        {
            var paused = _unpaused.Where(p => _held.Contains(p.Partition.Value)).ToList();
            _unpaused = [];
            _member!.Pause(paused);
        }
    }

    /// <summary>A member that the group has no partition for need not be told anything by the client.</summary>
    private void Announce()
    {
        if (!_announced && Environment.TickCount64 - _joinedAt >= SilentMs && !string.IsNullOrEmpty(_member!.MemberId))
        {
            _announced = true;
            _owner!.Assigned([]);
        }
    }

    private void LookIfIdle()
    {
        if (_held.Count > 0)
        {
            _idleSince = Environment.TickCount64;
        }
        else if (_question is { IsCompletedSuccessfully: true, Result: true })
        {
            _broken = "it holds no partition although the group has fewer members than partitions";
        }
        else if (Environment.TickCount64 - _idleSince >= IdleMs && _question is not { IsCompleted: false })
        {
            _idleSince = Environment.TickCount64;
            _question = Task.Run(HasTooFewMembers);
        }
    }

    private bool HasTooFewMembers()
    {
        try
        {
            return admin.ListGroup(group, Question) is { State: "Stable" } found && found.Members.Count < topic.Partitions;
        }
        catch (KafkaException)
        {
            return false;
        }
    }

    private sealed record Committer(IConsumer<Ignore, Ignore> Member, ClientCalls Calls);
}

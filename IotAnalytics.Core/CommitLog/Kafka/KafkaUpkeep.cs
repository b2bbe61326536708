using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// What goes on beside reading and appending: every 5 seconds the offsets of the lake are committed to the consumer group, for lag tools, and the topic
/// is looked at: one that was made again under the same name would give other records under the offsets already read.
/// </summary>
internal sealed class KafkaUpkeep : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(3);

    /// <summary>Longer than any outage that begins just after the cluster has answered: an admin request must not time out (see <see cref="KafkaClients.Lookup"/>).</summary>
    private static readonly TimeSpan LongAnswer = TimeSpan.FromMinutes(10);

    /// <summary>A broker that has just started may not know its topics yet.</summary>
    private const int MissingBeforeLost = 4;

    private readonly IAdminClient _admin;
    private readonly KafkaBounds _bounds;
    private readonly KafkaTopic _topic;
    private readonly string _group;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<List<TopicPartitionOffset>> _commit;
    private readonly Action<int> _grown;
    private readonly ConcurrentDictionary<int, long> _processed = new();
    private readonly ConcurrentDictionary<int, long> _committed = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private Task _commitRunning = Task.CompletedTask;
    private int _missing;
    private int _partitionsTold;
    private volatile CommitLogException? _failure;

    /// <param name="commit">Commits offsets to the group; blocks.</param>
    /// <param name="grown">Told how many partitions the topic has, when they have become more.</param>
    public KafkaUpkeep(
        IAdminClient admin, KafkaBounds bounds, KafkaTopic topic, string group, Action<List<TopicPartitionOffset>> commit, Action<int> grown, TimeProvider time, ILogger logger)
    {
        (_admin, _bounds, _topic, _group, _commit, _grown, _time, _logger) = (admin, bounds, topic, group, commit, grown, time, logger);
        _partitionsTold = topic.Partitions;
        _loop = RunAsync();
    }

    /// <summary>The topic is gone or another one: nothing may be read or appended any more.</summary>
    public CommitLogException? Failure => _failure;

    /// <summary>Records below are in the lake.</summary>
    public void Processed(int partition, long offset) => _processed.AddOrUpdate(partition, offset, (_, before) => Math.Max(offset, before));

    /// <summary>The partition is another host's: what it commits must not be set back.</summary>
    public void Forget(int partition)
    {
        _processed.TryRemove(partition, out _);
        _committed.TryRemove(partition, out _);
    }

    /// <summary>Commits what is not yet, while the cluster answers; waits a few seconds at most.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        var offsets = _processed.Where(p => p.Value > _committed.GetValueOrDefault(p.Key)).Select(p => new TopicPartitionOffset(_topic.Name, p.Key, p.Value)).ToList();
        if (offsets.Count == 0 || !_commitRunning.IsCompleted || !await IsReachableAsync().ConfigureAwait(false))
        {
            return;
        }

        try
        {
            _commitRunning = Task.Run(() => _commit(offsets), cancellationToken);
            await _commitRunning.WaitAsync(Answer, _time, cancellationToken).ConfigureAwait(false);
            offsets.ForEach(o => _committed[o.Partition.Value] = o.Offset.Value);
        }
        catch (Exception e) when (e is KafkaException or TimeoutException)
        {
            Log.OffsetsNotCommitted(_logger, _group, e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await CommitAsync(CancellationToken.None).ConfigureAwait(false);

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                await CommitAsync(_stop.Token).ConfigureAwait(false);
                if (await IsReachableAsync().ConfigureAwait(false))
                {
                    await LookAtTopicAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Whether the cluster answers now. Not a metadata request: of an absent cluster that one may take a minute, whatever its timeout.</summary>
    private async Task<bool> IsReachableAsync()
    {
        try
        {
            await _bounds.AskAsync(partition: 0, Answer, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (LogUnavailableException)
        {
            // The clients report that themselves.
            return false;
        }
    }

    private async Task LookAtTopicAsync()
    {
        TopicDescription? found;
        try
        {
            found = await KafkaTopic.FindAsync(_admin, _topic.Name, LongAnswer, _stop.Token).ConfigureAwait(false);
        }
        catch (KafkaException)
        {
            // The cluster cannot be reached, which the clients report themselves.
            return;
        }

        _missing = found is null ? _missing + 1 : 0;
        if (_missing >= MissingBeforeLost)
        {
            Lose($"Kafka topic '{_topic.Name}' was deleted.");
        }
        else if (found is not null && found.TopicId.ToString() != _topic.TopicId)
        {
            Lose($"Kafka topic '{_topic.Name}' was deleted and made again (id {found.TopicId}, was {_topic.TopicId}): its offsets begin anew.");
        }
        else if (found is not null && found.Partitions.Count > _partitionsTold)
        {
            _partitionsTold = found.Partitions.Count;
            _grown(found.Partitions.Count);
        }
    }

    private void Lose(string reason)
    {
        if (_failure is null)
        {
            _failure = new CommitLogException(reason);
            Log.TopicLost(_logger, reason);
        }
    }
}

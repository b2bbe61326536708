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
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(5);

    /// <summary>Longer than any outage that begins just after the cluster has answered: an admin request must not time out (see <see cref="KafkaClients.Lookup"/>).</summary>
    private static readonly TimeSpan LongAnswer = TimeSpan.FromMinutes(10);

    /// <summary>A broker that has just started may not know its topics yet.</summary>
    private const int MissingBeforeLost = 4;

    private readonly IAdminClient _admin;
    private readonly IConsumer<Ignore, Ignore> _lookup;
    private readonly KafkaTopic _topic;
    private readonly string _group;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long[] _processed;
    private readonly long[] _committed;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private int _missing;
    private int _partitionsTold;
    private volatile CommitLogException? _failure;

    public KafkaUpkeep(IAdminClient admin, IConsumer<Ignore, Ignore> lookup, KafkaTopic topic, string group, TimeProvider time, ILogger logger)
    {
        (_admin, _lookup, _topic, _group, _time, _logger) = (admin, lookup, topic, group, time, logger);
        _partitionsTold = topic.Partitions;
        _processed = new long[topic.Partitions];
        _committed = new long[topic.Partitions];
        _loop = RunAsync();
    }

    /// <summary>The topic is gone or another one: nothing may be read or appended any more.</summary>
    public CommitLogException? Failure => _failure;

    /// <summary>Records below are in the lake.</summary>
    public void Processed(int partition, long offset) => Volatile.Write(ref _processed[partition], Math.Max(offset, Volatile.Read(ref _processed[partition])));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        if (await IsReachableAsync().ConfigureAwait(false))
        {
            await CommitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                if (await IsReachableAsync().ConfigureAwait(false))
                {
                    await CommitAsync(_stop.Token).ConfigureAwait(false);
                    await LookAtTopicAsync().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Whether the cluster answers now. A plain metadata request, which may time out without harm.</summary>
    private async Task<bool> IsReachableAsync()
    {
        try
        {
            await Task.Run(() => _admin.GetMetadata(_topic.Name, Answer)).ConfigureAwait(false);
            return true;
        }
        catch (KafkaException)
        {
            // The clients report that themselves.
            return false;
        }
    }

    private async Task CommitAsync(CancellationToken cancellationToken)
    {
        var offsets = new List<TopicPartitionOffset>();
        for (var p = 0; p < _processed.Length; p++)
        {
            if (Volatile.Read(ref _processed[p]) is var offset && offset > _committed[p])
            {
                offsets.Add(new TopicPartitionOffset(_topic.Name, p, offset));
            }
        }

        if (offsets.Count == 0)
        {
            return;
        }

        try
        {
            await Task.Run(() => _lookup.Commit(offsets), cancellationToken).WaitAsync(Answer, _time, cancellationToken).ConfigureAwait(false);
            offsets.ForEach(o => _committed[o.Partition.Value] = o.Offset.Value);
        }
        catch (Exception e) when (e is KafkaException or TimeoutException)
        {
            Log.OffsetsNotCommitted(_logger, _group, e.Message);
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
            Log.PartitionsGrown(_logger, _topic.Name, found.Partitions.Count, _topic.Partitions);
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

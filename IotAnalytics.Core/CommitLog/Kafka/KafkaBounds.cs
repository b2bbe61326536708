using System.Collections.Concurrent;
using Confluent.Kafka;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// First and next offset of each partition: asked of the cluster, and between two questions kept up to date by what is appended and fetched here.
/// Safe to call from several threads.
/// </summary>
internal sealed class KafkaBounds(IConsumer<Ignore, Ignore> lookup, ClientCalls calls, string topic)
{
    /// <summary>A partition that is being read hears of new records with every fetch; its start moves slowly.</summary>
    private const long FreshMs = 5_000;

    /// <summary>Who asks for the start after the bounds asks the same.</summary>
    private const long SameMs = 1_000;

    /// <summary>How long a question may take when the answer before it will do.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<int, Known> _known = new();

    /// <summary>A record below <paramref name="next"/> exists.</summary>
    public void Raise(int partition, long next)
    {
        ref var high = ref Of(partition).High;
        for (var seen = Volatile.Read(ref high); seen < next;)
        {
            var before = Interlocked.CompareExchange(ref high, next, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>A consumer follows the partition, or no longer does.</summary>
    public void Follow(int partition, bool isRead) => Volatile.Write(ref Of(partition).IsRead, isRead);

    /// <summary>What is known, or an answer of the cluster; while that cannot be reached, what was known last.</summary>
    public async ValueTask<LogBounds> GetAsync(int partition, CancellationToken cancellationToken)
    {
        var known = Of(partition);
        var askedAt = Volatile.Read(ref known.AskedAt);
        var isRead = Volatile.Read(ref known.IsRead);
        if (isRead && askedAt != 0 && Environment.TickCount64 - askedAt < FreshMs)
        {
            return known.Bounds;
        }

        try
        {
            return await AskAsync(partition, isRead && askedAt != 0 ? Short : Long, cancellationToken).ConfigureAwait(false);
        }
        catch (LogUnavailableException) when (isRead && askedAt != 0)
        {
            Volatile.Write(ref known.AskedAt, Environment.TickCount64);
            return known.Bounds;
        }
    }

    /// <summary>As <see cref="GetAsync"/>, content with an answer of the last second.</summary>
    public ValueTask<LogBounds> GetOnceMoreAsync(int partition, CancellationToken cancellationToken)
    {
        var known = Of(partition);
        var askedAt = Volatile.Read(ref known.AskedAt);
        return askedAt != 0 && Environment.TickCount64 - askedAt < SameMs ? ValueTask.FromResult(known.Bounds) : GetAsync(partition, cancellationToken);
    }

    /// <summary>The cluster's answer.</summary>
    /// <exception cref="LogUnavailableException">There was none.</exception>
    public async Task<LogBounds> AskAsync(int partition, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var (start, high) = await QueryAsync(partition, timeout, cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref Of(partition).Start, start);
        Raise(partition, high);
        Volatile.Write(ref Of(partition).AskedAt, Environment.TickCount64);
        return new LogBounds(start, high);
    }

    /// <summary>The offset of the first record of this time or later, or the log's end. The cluster's answer.</summary>
    /// <exception cref="LogUnavailableException">There was none.</exception>
    public async Task<long> FindAsync(int partition, long timeMs, CancellationToken cancellationToken)
    {
        try
        {
            var found = await Task.Run(() => Find(partition, timeMs), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
            return found >= 0 ? found : (await AskAsync(partition, Long, cancellationToken).ConfigureAwait(false)).HighWatermark;
        }
        catch (KafkaException e)
        {
            throw new LogUnavailableException($"Kafka topic '{topic}', partition {partition}: no offset for a time: {e.Error.Reason}", e);
        }
    }

    /// <summary>Negative when all records are older.</summary>
    private long Find(int partition, long timeMs)
    {
        List<TopicPartitionOffset>? offsets = null;
        return calls.TryRun(() => offsets = lookup.OffsetsForTimes([new TopicPartitionTimestamp(topic, partition, new Timestamp(timeMs, TimestampType.CreateTime))], Long))
            ? offsets![0].Offset.Value
            : throw new LogUnavailableException(KafkaCommitLog.Closing);
    }

    private Known Of(int partition) => _known.GetOrAdd(partition, static _ => new Known());

    private async Task<(long Start, long High)> QueryAsync(int partition, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var until = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            try
            {
                var left = TimeSpan.FromMilliseconds(Math.Max(100, until - Environment.TickCount64));
                var marks = await Task.Run(() => Query(partition, left), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
                return (marks.Low.Value, marks.High.Value);
            }
            catch (KafkaException e)
            {
                // A leader that has just been elected answers a moment later.
                if (Environment.TickCount64 >= until)
                {
                    throw new LogUnavailableException($"Kafka topic '{topic}', partition {partition}: its offsets cannot be read: {e.Error.Reason}", e);
                }

                await Task.Delay(100, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private WatermarkOffsets Query(int partition, TimeSpan timeout)
    {
        WatermarkOffsets? marks = null;
        return calls.TryRun(() => marks = lookup.QueryWatermarkOffsets(new TopicPartition(topic, partition), timeout))
            ? marks!
            : throw new LogUnavailableException(KafkaCommitLog.Closing);
    }

    private sealed class Known
    {
        public long Start;
        public long High;
        public long AskedAt;
        public bool IsRead;

        public LogBounds Bounds => new(Volatile.Read(ref Start), Volatile.Read(ref High));
    }
}

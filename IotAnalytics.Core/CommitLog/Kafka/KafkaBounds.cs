using Confluent.Kafka;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// First and next offset of each partition: asked of the cluster, and between two questions kept up to date by what is appended and fetched here.
/// Safe to call from several threads.
/// </summary>
internal sealed class KafkaBounds(IConsumer<Ignore, Ignore> lookup, string topic, int partitions)
{
    /// <summary>A partition that is being read hears of new records with every fetch; its start moves slowly.</summary>
    private const long FreshMs = 5_000;

    /// <summary>How long a question may take when the answer before it will do.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly long[] _start = new long[partitions];
    private readonly long[] _high = new long[partitions];
    private readonly long[] _askedAt = new long[partitions];
    private readonly bool[] _isRead = new bool[partitions];

    /// <summary>A record below <paramref name="next"/> exists.</summary>
    public void Raise(int partition, long next)
    {
        ref var high = ref _high[partition];
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
    public void Follow(int partition, bool isRead) => Volatile.Write(ref _isRead[partition], isRead);

    /// <summary>What is known, or an answer of the cluster; while that cannot be reached, what was known last.</summary>
    public async ValueTask<LogBounds> GetAsync(int partition, CancellationToken cancellationToken)
    {
        var askedAt = Volatile.Read(ref _askedAt[partition]);
        var isRead = Volatile.Read(ref _isRead[partition]);
        if (isRead && askedAt != 0 && Environment.TickCount64 - askedAt < FreshMs)
        {
            return Known(partition);
        }

        try
        {
            return await AskAsync(partition, isRead && askedAt != 0 ? Short : Long, cancellationToken).ConfigureAwait(false);
        }
        catch (LogUnavailableException) when (isRead && askedAt != 0)
        {
            Volatile.Write(ref _askedAt[partition], Environment.TickCount64);
            return Known(partition);
        }
    }

    /// <summary>The cluster's answer.</summary>
    /// <exception cref="LogUnavailableException">There was none.</exception>
    public async Task<LogBounds> AskAsync(int partition, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var (start, high) = await QueryAsync(partition, timeout, cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _start[partition], start);
        Raise(partition, high);
        Volatile.Write(ref _askedAt[partition], Environment.TickCount64);
        return new LogBounds(start, high);
    }

    private LogBounds Known(int partition) => new(Volatile.Read(ref _start[partition]), Volatile.Read(ref _high[partition]));

    private async Task<(long Start, long High)> QueryAsync(int partition, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var until = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            try
            {
                var left = TimeSpan.FromMilliseconds(Math.Max(100, until - Environment.TickCount64));
                var marks = await Task.Run(() => lookup.QueryWatermarkOffsets(new TopicPartition(topic, partition), left), cancellationToken)
                    .WaitAsync(cancellationToken).ConfigureAwait(false);
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
}

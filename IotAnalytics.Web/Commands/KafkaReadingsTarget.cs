using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Kafka;
using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Web.Commands;

/// <summary>
/// Sends readings straight into a topic, as a host would: one NDJSON record for each partition that a body touches. A body of one reading becomes a record
/// with the sensor id as its key. A full queue waits.
/// </summary>
/// <param name="recordTimeFromEvents">The newest event time of a body, never after now, becomes its record time.</param>
internal sealed class KafkaReadingsTarget(KafkaTopicWriter writer, bool recordTimeFromEvents, TimeProvider time) : IReadingsTarget
{
    private static readonly TimeSpan QueueFullWait = TimeSpan.FromMilliseconds(10);
    private long _accepted;

    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>A topic takes what it is given; the pipeline judges later.</summary>
    public long Rejected => 0;

    /// <summary>The client repeats by itself and does not count.</summary>
    public long Retries => 0;

    public async Task SendAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var lines = TargetLines.Read(body.Span, writer.Partitions);
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var recordTimeMs = recordTimeFromEvents ? Math.Min(nowMs, lines.NewestEventMs ?? nowMs) : nowMs;
        foreach (var (partition, readings, value) in lines.Records)
        {
            var record = new LogRecord(partition, recordTimeMs, value);
            while (!TryWrite(record, lines.OnlySensor, readings))
            {
                await Task.Delay(QueueFullWait, time, cancellationToken);
            }
        }
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(() => writer.Flush(cancellationToken), cancellationToken);
        }
        catch (CommitLogException e)
        {
            throw new ReadingsTargetException(e.Message, e);
        }
    }

    public void Dispose() => writer.Dispose();

    private bool TryWrite(LogRecord record, byte[]? key, int readings)
    {
        try
        {
            return writer.TryWrite(record, key, () => Interlocked.Add(ref _accepted, readings));
        }
        catch (CommitLogException e)
        {
            throw new ReadingsTargetException(e.Message, e);
        }
    }
}

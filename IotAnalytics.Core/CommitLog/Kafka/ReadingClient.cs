using System.Runtime.InteropServices;
using Confluent.Kafka;
using IotAnalytics.Core.CommitLog.Kafka.Native;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// One client that fetches the partitions which this host reads, each into a queue of its own. Its own events (errors, logs) are served by one
/// thread. Closed when it was given up and the last queue is gone: the queues need it.
/// </summary>
internal sealed class ReadingClient
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private readonly IConsumer<Ignore, Ignore> _consumer;
    private readonly nint _handle;
    private readonly nint _topic;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _queues;
    private bool _givenUp;
    private volatile bool _stopped;
    private volatile string? _broken;

    public unsafe ReadingClient(KafkaClients clients, string topic, long partitionBytes)
    {
        _consumer = clients.Reader(partitionBytes, error => Break(error.Reason));
        try
        {
            _handle = Librdkafka.HandleOf(_consumer);
            var name = Marshal.StringToCoTaskMemUTF8(topic);
            _topic = Librdkafka.Functions.TopicNew(_handle, (byte*)name, 0);
            Marshal.FreeCoTaskMem(name);
            if (_topic == 0)
            {
                throw new KafkaException((ErrorCode)Librdkafka.Functions.LastError());
            }
        }
        catch
        {
            _consumer.Dispose();
            throw;
        }

        _thread = new Thread(Serve) { IsBackground = true, Name = "kafka reading" };
        _thread.Start();
    }

    /// <summary>Why the client must be made anew, or null.</summary>
    public string? Broken => _broken;

    /// <summary>Completes when the client is closed.</summary>
    public Task Closed => _closed.Task;

    public void Break(string reason) => _broken ??= reason;

    /// <summary>Begins to fetch a partition, or null: the client was given up.</summary>
    public PartitionQueue? Start(int partition, long offset)
    {
        lock (_lock)
        {
            if (_givenUp)
            {
                return null;
            }

            _queues++;
        }

        try
        {
            return new PartitionQueue(_handle, _topic, partition, offset);
        }
        catch
        {
            Release();
            throw;
        }
    }

    public void Stop(PartitionQueue queue)
    {
        queue.Dispose();
        Release();
    }

    /// <summary>No more queues are given out; when the last one is back the client closes.</summary>
    public void GiveUp()
    {
        lock (_lock)
        {
            if (_givenUp)
            {
                return;
            }

            _givenUp = true;
            _queues++;
        }

        Release();
    }

    private void Release()
    {
        lock (_lock)
        {
            if (--_queues > 0 || !_givenUp)
            {
                return;
            }
        }

        _stopped = true;
    }

    private void Serve()
    {
        while (!_stopped)
        {
            try
            {
                // Nothing is assigned: no record comes, only events.
                _consumer.Consume(Slice);
            }
            catch (ConsumeException e)
            {
                if (e.Error.IsFatal)
                {
                    Break(e.Error.Reason);
                }
            }
        }

        unsafe
        {
            Librdkafka.Functions.TopicDestroy(_topic);
        }

        _consumer.Dispose();
        _closed.SetResult();
    }
}

using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace IotAnalytics.Core.CommitLog.Kafka.Native;

/// <summary>
/// The records of one partition from one offset on, in a native queue that only this object reads. It never goes elsewhere: another place is another
/// queue, so that nothing fetched for the old place can come out of it. One thread at a time; disposed before its client.
/// </summary>
internal sealed unsafe class PartitionQueue : IDisposable
{
    private const int BatchRecords = 256;
    private const int NoTimestamp = 0;
    private readonly Librdkafka _native = Librdkafka.Functions;
    private readonly nint _topic;
    private readonly int _partition;
    private readonly nint _queue;
    private readonly NativeMessage** _messages;
    private readonly Signal _signal = new();
    private readonly GCHandle _signalHandle;
    private int _head;
    private int _count;
    private bool _disposed;

    /// <param name="client">The native client.</param>
    /// <param name="topic">The topic's native handle; outlives this.</param>
    /// <exception cref="KafkaException">The client does not begin to fetch.</exception>
    public PartitionQueue(nint client, nint topic, int partition, long offset)
    {
        (_topic, _partition) = (topic, partition);
        _messages = (NativeMessage**)NativeMemory.Alloc(BatchRecords, (nuint)sizeof(nint));
        _queue = _native.QueueNew(client);
        _signalHandle = GCHandle.Alloc(_signal);
        _native.QueueCallbackEnable(_queue, &Arrived, GCHandle.ToIntPtr(_signalHandle));
        if (_native.ConsumeStartQueue(topic, partition, offset, _queue) != 0)
        {
            var error = new Error((ErrorCode)_native.LastError());
            Dispose();
            throw new KafkaException(error);
        }
    }

    /// <summary>A record, or an error, is at hand.</summary>
    public bool HasNext
    {
        get
        {
            if (_head == _count)
            {
                _head = 0;
                _count = (int)Math.Max(0, _native.ConsumeBatchQueue(_queue, 0, _messages, BatchRecords));
            }

            return _head < _count;
        }
    }

    /// <summary>Why <see cref="HasNext"/> is not a record, or no error.</summary>
    public ErrorCode NextError => (ErrorCode)_messages[_head]->Error;

    public long NextOffset => _messages[_head]->Offset;

    public int NextLength => (int)_messages[_head]->PayloadLength;

    /// <summary>Unix milliseconds, or <see cref="LogRecordInfo.NoTime"/>.</summary>
    public long NextTime
    {
        get
        {
            int kind;
            var time = _native.MessageTimestamp(_messages[_head], &kind);
            return kind == NoTimestamp ? LogRecordInfo.NoTime : time;
        }
    }

    /// <summary>Completes when something has come since the last look, or when the time is over.</summary>
    public Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => _signal.Came.WaitAsync(longest, cancellationToken);

    /// <summary>Copies the next record and goes on to the one after it.</summary>
    public void Take(RecordBatch into)
    {
        var message = _messages[_head];
        var value = new ReadOnlySpan<byte>(message->Payload, (int)message->PayloadLength);
        var key = new ReadOnlySpan<byte>(message->Key, (int)message->KeyLength);
        value.CopyTo(into.Add(message->Offset, NextTime, value.Length, key, Headers(message)));
        Skip();
    }

    public void Skip() => _native.MessageDestroy(_messages[_head++]);

    /// <summary>Ends the fetching and gives back what was not taken; blocks for a moment.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        // A partition that the topic does not have cannot be stopped either.
        _ = _native.ConsumeStop(_topic, _partition);
        while (_head < _count)
        {
            Skip();
        }

        // The library calls under the queue's lock, which this takes too: afterwards nobody has the signal.
        _native.QueueCallbackEnable(_queue, null, 0);
        _native.QueueDestroy(_queue);
        _signalHandle.Free();
        NativeMemory.Free(_messages);
    }

    private string? Headers(NativeMessage* message)
    {
        nint list;
        if (_native.MessageHeaders(message, &list) != 0)
        {
            return null;
        }

        var headers = new Headers();
        byte* name;
        byte* value;
        nint length;
        for (nint i = 0; _native.HeaderGetAll(list, i, &name, &value, &length) == 0; i++)
        {
            headers.Add(Marshal.PtrToStringUTF8((nint)name)!, value is null ? null : new ReadOnlySpan<byte>(value, (int)length).ToArray());
        }

        return RecordHeaders.ToJson(headers);
    }

    /// <summary>The queue is no longer empty. On a thread of the library, which holds the queue's lock: it may not wait, nor ask the queue.</summary>
    [UnmanagedCallersOnly]
    private static void Arrived(nint client, nint signal) => ((Signal)GCHandle.FromIntPtr(signal).Target!).Set();

    private sealed class Signal
    {
        public SemaphoreSlim Came { get; } = new(0);

        public void Set()
        {
            if (Came.CurrentCount == 0)
            {
                Came.Release();
            }
        }
    }
}

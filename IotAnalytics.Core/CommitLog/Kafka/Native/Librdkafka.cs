using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace IotAnalytics.Core.CommitLog.Kafka.Native;

/// <summary>
/// The functions of the library that the Kafka client has loaded, which the client itself does not offer: reading a partition's records in batches, from
/// a queue of its own, without an object for each record. The library comes in several builds; the loaded one is taken.
/// </summary>
/// <remarks>
/// Signatures from librdkafka's <c>rdkafka.h</c> (C API, stable within 2.x). The client's own handle is not public; a new version of the package that
/// hides it otherwise is found at the start, and by a test.
/// </remarks>
internal sealed unsafe class Librdkafka
{
    private static readonly Lazy<Librdkafka> Loaded = new(() => new Librdkafka());
    private static readonly PropertyInfo? HandleProperty = typeof(Handle).GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic);

    public readonly delegate* unmanaged<nint, byte*, nint, nint> TopicNew;
    public readonly delegate* unmanaged<nint, void> TopicDestroy;
    public readonly delegate* unmanaged<nint, nint> QueueNew;
    public readonly delegate* unmanaged<nint, void> QueueDestroy;
    public readonly delegate* unmanaged<nint, delegate* unmanaged<nint, nint, void>, nint, void> QueueCallbackEnable;
    public readonly delegate* unmanaged<nint, int, long, nint, int> ConsumeStartQueue;
    public readonly delegate* unmanaged<nint, int, int> ConsumeStop;
    public readonly delegate* unmanaged<nint, int, NativeMessage**, nint, nint> ConsumeBatchQueue;
    public readonly delegate* unmanaged<NativeMessage*, void> MessageDestroy;
    public readonly delegate* unmanaged[SuppressGCTransition]<NativeMessage*, int*, long> MessageTimestamp;
    public readonly delegate* unmanaged<NativeMessage*, nint*, int> MessageHeaders;
    public readonly delegate* unmanaged<nint, nint, byte**, byte**, nint*, int> HeaderGetAll;
    public readonly delegate* unmanaged<int> LastError;

    private Librdkafka()
    {
        // Loads the client's library, whichever build it chooses.
        _ = Library.Version;
        using var process = Process.GetCurrentProcess();
        var module = process.Modules.Cast<ProcessModule>().FirstOrDefault(m => m.ModuleName.Contains("librdkafka", StringComparison.Ordinal))
            ?? throw new CommitLogException("The Kafka client's native library (librdkafka) is not among the loaded ones.");
        Name = module.ModuleName;
        var library = NativeLibrary.Load(module.FileName);
        TopicNew = (delegate* unmanaged<nint, byte*, nint, nint>)Export(library, "rd_kafka_topic_new");
        TopicDestroy = (delegate* unmanaged<nint, void>)Export(library, "rd_kafka_topic_destroy");
        QueueNew = (delegate* unmanaged<nint, nint>)Export(library, "rd_kafka_queue_new");
        QueueDestroy = (delegate* unmanaged<nint, void>)Export(library, "rd_kafka_queue_destroy");
        QueueCallbackEnable = (delegate* unmanaged<nint, delegate* unmanaged<nint, nint, void>, nint, void>)Export(library, "rd_kafka_queue_cb_event_enable");
        ConsumeStartQueue = (delegate* unmanaged<nint, int, long, nint, int>)Export(library, "rd_kafka_consume_start_queue");
        ConsumeStop = (delegate* unmanaged<nint, int, int>)Export(library, "rd_kafka_consume_stop");
        ConsumeBatchQueue = (delegate* unmanaged<nint, int, NativeMessage**, nint, nint>)Export(library, "rd_kafka_consume_batch_queue");
        MessageDestroy = (delegate* unmanaged<NativeMessage*, void>)Export(library, "rd_kafka_message_destroy");
        MessageTimestamp = (delegate* unmanaged[SuppressGCTransition]<NativeMessage*, int*, long>)Export(library, "rd_kafka_message_timestamp");
        MessageHeaders = (delegate* unmanaged<NativeMessage*, nint*, int>)Export(library, "rd_kafka_message_headers");
        HeaderGetAll = (delegate* unmanaged<nint, nint, byte**, byte**, nint*, int>)Export(library, "rd_kafka_header_get_all");
        LastError = (delegate* unmanaged<int>)Export(library, "rd_kafka_last_error");
    }

    /// <summary>The functions; resolved once.</summary>
    /// <exception cref="CommitLogException">The client's library is another one than this was made for.</exception>
    public static Librdkafka Functions => Loaded.Value;

    /// <summary>The library's file.</summary>
    public string Name { get; }

    /// <summary>The native client behind a client. Valid while that is not disposed.</summary>
    /// <exception cref="CommitLogException">The client hides it otherwise than this was made for.</exception>
    public static nint HandleOf(IClient client) => HandleProperty?.GetValue(client.Handle) is SafeHandle { IsInvalid: false } handle
        ? handle.DangerousGetHandle()
        : throw new CommitLogException($"The Kafka client {typeof(Handle).Assembly.GetName().Version} does not give its native handle (Handle.LibrdkafkaHandle): use the version that the host was built with.");

    private static nint Export(nint library, string name) => NativeLibrary.TryGetExport(library, name, out var address)
        ? address
        : throw new CommitLogException($"The Kafka client's native library has no {name}: use the version that the host was built with.");
}

/// <summary><c>rd_kafka_message_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMessage
{
    public int Error;
    public nint Topic;
    public int Partition;
    public byte* Payload;
    public nint PayloadLength;
    public byte* Key;
    public nint KeyLength;
    public long Offset;
    public nint Private;
}

using System.Runtime.InteropServices;
using Confluent.Kafka;
using IotAnalytics.Core.CommitLog.Kafka.Native;

namespace IotAnalytics.Tests.CommitLog.Kafka.Native;

/// <summary>Fails when another version of Confluent.Kafka hides its native client otherwise, or brings a library without the functions that are used.</summary>
public sealed class LibrdkafkaTests
{
    [Fact]
    public unsafe void The_clients_own_handle_works_with_the_loaded_library()
    {
        var functions = Librdkafka.Functions;
        using var client = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = "127.0.0.1:1", GroupId = "none", SocketTimeoutMs = 10 })
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();

        var name = Marshal.StringToCoTaskMemUTF8("readings");
        var topic = functions.TopicNew(Librdkafka.HandleOf(client), (byte*)name, 0);
        Marshal.FreeCoTaskMem(name);
        Assert.NotEqual(0, topic);

        using (var queue = new PartitionQueue(Librdkafka.HandleOf(client), topic, partition: 0, offset: 0))
        {
            Assert.False(queue.HasNext);
        }

        functions.TopicDestroy(topic);
        Assert.Contains("librdkafka", functions.Name, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void A_message_is_laid_out_as_the_library_has_it()
    {
        Assert.Equal(72, sizeof(NativeMessage));
        Assert.Equal(56, Marshal.OffsetOf<NativeMessage>(nameof(NativeMessage.Offset)));
        Assert.Equal(16, Marshal.OffsetOf<NativeMessage>(nameof(NativeMessage.Partition)));
    }
}

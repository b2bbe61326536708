using Confluent.Kafka;
using IotAnalytics.Benchmarks.Throughput;

namespace IotAnalytics.Benchmarks.Production;

/// <summary>
/// Reads a topic once as a consumer group of its own. What a run works on is then known to be there, and the broker has served a group before the hosts come, as
/// every broker has that has run for a while: a new one compiles itself while it answers the first.
/// </summary>
internal static class TopicReader
{
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(2);

    /// <exception cref="MeasurementException">The topic does not hold <paramref name="records"/>.</exception>
    public static void Read(string servers, string topic, long records, CancellationToken cancellationToken)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = servers,
            GroupId = "benchmark-reader",
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            EnablePartitionEof = false,
            ConsumeResultFields = "none",
        }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Within);
        consumer.Subscribe(topic);
        var read = 0L;
        try
        {
            for (; read < records; read++)
            {
                consumer.Consume(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MeasurementException($"The topic {topic} has {read} of {records} records after {Within}.");
        }
        finally
        {
            consumer.Close();
        }
    }
}

using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>What the Kafka log counts beyond <see cref="CommitLogMeters"/>.</summary>
internal static class KafkaMeters
{
    public static readonly Counter<long> Rebuilds = IotMeter.Instance.CreateCounter<long>("iot.log.rebuilds", "{client}", "Kafka clients made anew after an error, by kind (consumer, producer).");
    public static readonly Histogram<double> AckSeconds = IotMeter.Instance.CreateHistogram<double>("iot.log.ack", "s", "From the append until the cluster's acknowledgement.");

    public static readonly Counter<long> DeadLettersLost = IotMeter.Instance.CreateCounter<long>(
        "iot.log.dead_letters_not_sent", "{letter}", "Dead letters that CommitLog:Kafka:DeadLetterTopic did not take; the database and bronze have them.");

    public static void Rebuilt(string kind) => Rebuilds.Add(1, new KeyValuePair<string, object?>("kind", kind));
}

using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>Section <c>CommitLog:Kafka</c>.</summary>
public sealed class KafkaLogOptions
{
    public const string Section = "CommitLog:Kafka";

    /// <summary>Where to find the cluster: <c>host:port</c>, several separated by commas. No default; required.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>The topic that holds the readings, 1 to 249 of <c>[A-Za-z0-9._-]</c>. Default <c>sensor-readings</c>.</summary>
    [RegularExpression("[A-Za-z0-9._-]{1,249}")]
    public string Topic { get; set; } = "sensor-readings";

    /// <summary>A topic that gets every dead letter too, with its reason in the headers; of the same cluster, not <see cref="Topic"/>. Default empty: none.</summary>
    [RegularExpression("[A-Za-z0-9._-]{0,249}")]
    public string DeadLetterTopic { get; set; } = "";

    /// <summary>The consumer group whose hosts share the partitions. The offsets of the lake are committed to it for lag tools; the host itself reads its
    /// offsets from the database. Default <c>iot-analytics</c>.</summary>
    [Required]
    public string GroupId { get; set; } = "iot-analytics";

    /// <summary>Where a partition begins that the database does not know yet: <c>Earliest</c>, <c>Latest</c>, or the first record of a time or later, ISO 8601 with a
    /// zone. Default <c>Earliest</c>.</summary>
    public string StartFrom { get; set; } = "Earliest";

    /// <summary>Makes the topic when there is none. Default false: a missing topic ends the start.</summary>
    public bool CreateTopic { get; set; }

    /// <summary>Partitions of a topic that is made, 1 to 1,000. Default 12.</summary>
    [Range(1, 1_000)]
    public int Partitions { get; set; } = 12;

    /// <summary>Copies of each partition of a topic that is made, 1 to 100, or -1 for the broker's default. Default -1.</summary>
    [Range(-1, 100), DeniedValues(0)]
    public int ReplicationFactor { get; set; } = -1;

    /// <summary>Which time a topic that is made keeps with a record: <c>LogAppendTime</c>, the broker's clock at arrival, or <c>CreateTime</c>, the
    /// producer's, which loading history needs. Default <c>LogAppendTime</c>.</summary>
    [Required, AllowedValues("LogAppendTime", "CreateTime")]
    public string TimestampType { get; set; } = "LogAppendTime";

    /// <summary>How long a topic that is made keeps records, 1 minute to 10 years, or zero for ever. With <c>CreateTime</c> it counts from the
    /// producer's time, so history older than this would be deleted at once. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3653.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long the start waits for the cluster, 1 s to 10 minutes. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an append may wait for the cluster's acknowledgement before it is refused (HTTP 503), 1 s to 10 minutes. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan AppendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that may be fetched ahead of the pipeline, all partitions together, 1 MiB to 16 GiB; a partition gets its share, at least 256 KiB.
    /// Default 6 MiB.</summary>
    [Range(1_048_576, 17_179_869_184)]
    public long FetchAheadBytes { get; set; } = 6_291_456;

    /// <summary>Further properties of librdkafka for all clients, for example <c>security.protocol</c>, <c>ssl.ca.location</c>, <c>sasl.mechanism</c>,
    /// <c>sasl.username</c>, <c>sasl.password</c>. <c>_</c> may stand for <c>.</c> in a name. Properties that the guarantees rest on are refused. Default none.</summary>
    public Dictionary<string, string> Client { get; set; } = [];

    /// <summary>The same for the topic of the dead letters.</summary>
    internal KafkaLogOptions OfDeadLetters() => new()
    {
        BootstrapServers = BootstrapServers,
        Topic = DeadLetterTopic,
        GroupId = GroupId,
        CreateTopic = CreateTopic,
        Partitions = 1,
        ReplicationFactor = ReplicationFactor,
        TimestampType = TimestampType,
        Retention = Retention,
        StartTimeout = StartTimeout,
        AppendTimeout = AppendTimeout,
        Client = Client,
    };
}

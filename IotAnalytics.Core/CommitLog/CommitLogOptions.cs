using System.ComponentModel.DataAnnotations;
using IotAnalytics.Core.CommitLog.Embedded;
using IotAnalytics.Core.CommitLog.Kafka;

namespace IotAnalytics.Core.CommitLog;

/// <summary>Section <c>CommitLog</c>: where accepted readings wait.</summary>
public sealed class CommitLogOptions
{
    public const string Section = "CommitLog";

    /// <summary><c>Embedded</c>: the file <c>log.db</c> in the data directory; <c>Kafka</c>: a topic. Default <c>Embedded</c>.</summary>
    [Required, AllowedValues("Embedded", "Kafka")]
    public string Provider { get; set; } = "Embedded";

    /// <summary>What to do when the log is not the one that the database knows (another file, a topic made again):
    /// <c>Refuse</c> to start, or <c>StartNewSource</c>. Default <c>Refuse</c>.</summary>
    [Required, AllowedValues("Refuse", "StartNewSource")]
    public string OnSourceReset { get; set; } = "Refuse";

    /// <summary>For <see cref="Provider"/> <c>Embedded</c>; validated and read only then.</summary>
    public EmbeddedLogOptions Embedded { get; set; } = new();

    /// <summary>For <see cref="Provider"/> <c>Kafka</c>; validated and read only then.</summary>
    public KafkaLogOptions Kafka { get; set; } = new();
}

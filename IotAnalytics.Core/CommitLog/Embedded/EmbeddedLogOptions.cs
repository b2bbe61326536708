using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>Section <c>CommitLog:Embedded</c>.</summary>
public sealed class EmbeddedLogOptions
{
    public const string Section = "CommitLog:Embedded";

    /// <summary>Number of partitions, 1 to 256. May grow, never shrink: a sensor's partition follows from it. Default 1.</summary>
    [Range(1, 256)]
    public int Partitions { get; set; } = 1;

    /// <summary>Bytes of records (and of remembered requests) that the log holds before it refuses more, 1 MiB to 1 PiB. Trimmed records do not count.
    /// Default 10 GiB.</summary>
    [Range(1_048_576, 1_125_899_906_842_624)]
    public long MaxBytes { get; set; } = 10_737_418_240;

    /// <summary>How long one commit may go on collecting appends while more keep coming, 0 to 1 s. A commit never waits for
    /// appends that are not there yet. Default 5 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan GroupCommitDelay { get; set; } = TimeSpan.FromMilliseconds(5);
}

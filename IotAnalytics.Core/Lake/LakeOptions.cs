using System.ComponentModel.DataAnnotations;
using IotAnalytics.Core.Lake.Stores.S3;

namespace IotAnalytics.Core.Lake;

/// <summary>Section <c>Lake</c>.</summary>
public sealed class LakeOptions
{
    public const string Section = "Lake";

    /// <summary><c>FileSystem</c>: the folder <c>lake</c> in the data directory; <c>S3</c>: buckets. Default <c>FileSystem</c>.</summary>
    [Required, AllowedValues("FileSystem", "S3", ErrorMessage = "accepted: FileSystem, S3")]
    public string Provider { get; set; } = "FileSystem";

    /// <summary>Where the bronze table lies: a folder below the store, or with <c>S3</c> bucket and prefix, <c>s3://bucket/prefix</c> too.
    /// Default <c>bronze/sensor-readings</c>.</summary>
    [Required, RegularExpression(PathPattern)]
    public string Bronze { get; set; } = "bronze/sensor-readings";

    /// <summary>Where the silver table lies. Default <c>silver/normal-readings</c>.</summary>
    [Required, RegularExpression(PathPattern)]
    public string Silver { get; set; } = "silver/normal-readings";

    /// <summary>Where the gold table lies. Default <c>gold/anomalies</c>.</summary>
    [Required, RegularExpression(PathPattern)]
    public string Gold { get; set; } = "gold/anomalies";

    /// <summary>Where saved state and models lie. Default <c>bronze/_system</c>.</summary>
    [Required, RegularExpression(PathPattern)]
    public string System { get; set; } = "bronze/_system";

    /// <summary>Rows at which a cut closes, 1 to 100,000,000. Default 1,000,000.</summary>
    [Range(1, 100_000_000)]
    public int CutRows { get; set; } = 1_000_000;

    /// <summary>Encoded bytes at which a cut closes, 64 KiB to 4 GiB. Default 64 MiB.</summary>
    [Range(65_536, 4_294_967_296)]
    public long CutBytes { get; set; } = 67_108_864;

    /// <summary>Age of the first uncut record at which a cut closes, 100 ms to 1 day. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan CutAge { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of encoded cuts that may wait on local disk, at least 1 MiB. Default 10 GiB. Full: the partition pauses.</summary>
    [Range(1_048_576, long.MaxValue)]
    public long SpoolMaxBytes { get; set; } = 10_737_418_240;

    /// <summary>Time between two publications, 100 ms to 1 hour. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan PublishInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Commits between two checkpoints, 2 to 10,000. Default 100.</summary>
    [Range(2, 10_000)]
    public int CheckpointEvery { get; set; } = 100;

    /// <summary>Time after which a removed object is deleted. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan VacuumAfter { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Time for which bronze is kept, counted from its newest record time. Default 90 days.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00")]
    public TimeSpan BronzeRetention { get; set; } = TimeSpan.FromDays(90);

    /// <summary>For <see cref="Provider"/> <c>S3</c>; validated and read only then.</summary>
    public S3StoreOptions S3 { get; set; } = new();

    private const string PathPattern = "^(s3://)?[A-Za-z0-9_-][A-Za-z0-9=_.-]*(/[A-Za-z0-9_-][A-Za-z0-9=_.-]*)*/?$";
}

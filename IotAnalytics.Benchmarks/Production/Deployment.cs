using IotAnalytics.Core.Lake;

namespace IotAnalytics.Benchmarks.Production;

/// <summary>A topic, a database and buckets that hosts share.</summary>
internal sealed class Deployment
{
    public const string Topic = "sensor-readings";

    private Deployment(Servers servers, string database, int partitions, string? lakeFolder) =>
        (Servers, Database, Partitions, LakeFolder) = (servers, database, partitions, lakeFolder);

    public Servers Servers { get; }

    /// <summary>Connection string.</summary>
    public string Database { get; }

    public int Partitions { get; }

    /// <summary>The lake's folder where it is not on S3.</summary>
    public string? LakeFolder { get; }

    /// <summary>A new topic and database. With a folder the lake lies there, below the hosts' data directory, else on S3.</summary>
    public static async Task<Deployment> CreateAsync(Servers servers, int partitions, string? lakeFolder, CancellationToken cancellationToken)
    {
        await servers.CreateTopicAsync(Topic, partitions);
        return new Deployment(servers, await servers.CreateDatabaseAsync("analytics", cancellationToken), partitions, lakeFolder);
    }

    /// <summary>The settings of a host, <c>Section:Key=value</c>.</summary>
    public IEnumerable<string> Settings(string? s3 = null) =>
    [
        "CommitLog:Provider=Kafka", $"CommitLog:Kafka:BootstrapServers={Servers.Kafka}", $"CommitLog:Kafka:Topic={Topic}",
        "Database:Provider=PostgreSql", $"ConnectionStrings:Analytics={Database}", "Jobs:Provider=PostgreSql",
        .. LakeFolder is null
            ? [
                "Lake:Provider=S3", $"Lake:S3:ServiceUrl={s3 ?? Servers.S3}", $"Lake:S3:AccessKeyId={Servers.S3Key}", $"Lake:S3:SecretAccessKey={Servers.S3Secret}",
                "Lake:S3:CreateBuckets=true", $"Lake:Bronze={Tables.Bronze}", $"Lake:Silver={Tables.Silver}", $"Lake:Gold={Tables.Gold}", $"Lake:System={Tables.System}",
            ]
            : Array.Empty<string>(),
    ];

    public LakeOptions Tables => LakeFolder is null
        ? new LakeOptions { Bronze = "bronze/sensor-readings", Silver = "silver/normal-readings", Gold = "gold/anomalies", System = "system/iot" }
        : new LakeOptions();

    public ILakeStore Store() => LakeFolder is null ? Servers.Store() : new Core.Lake.Stores.FileSystemLakeStore(LakeFolder);
}

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>A live file of a table. Times are Unix milliseconds.</summary>
/// <param name="Path">Relative to the table.</param>
/// <param name="PartitionValue">The date, <c>yyyy-MM-dd</c>.</param>
/// <param name="Size">Length of the object in bytes; a reader may refuse the table when it differs.</param>
/// <param name="Stats">Statistics, JSON.</param>
internal sealed record DeltaAdd(string Path, string PartitionValue, long Size, long ModificationTime, bool DataChange, string? Stats);

/// <summary>A file that is no longer live.</summary>
internal sealed record DeltaRemove(string Path, string PartitionValue, long Size, long DeletionTimestamp, bool DataChange);

/// <summary>Schema and partitioning.</summary>
internal sealed record DeltaMetaData(string Id, string SchemaString, string PartitionColumn, long CreatedTime);

/// <summary>How far a partition of a source has come in a table.</summary>
/// <param name="AppId"><c>iot:&lt;source&gt;:&lt;partition&gt;</c>.</param>
/// <param name="Version">The offset up to which the table is complete.</param>
internal sealed record DeltaTransaction(string AppId, long Version, long LastUpdated)
{
    public static string AppIdOf(int sourceId, int partition) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"iot:{sourceId}:{partition}");

    /// <summary>Source and partition of an application id of ours, or null.</summary>
    public static (int SourceId, int Partition)? Parse(string appId)
    {
        var fields = appId.Split(':');
        return fields.Length == 3 && fields[0] == "iot" && int.TryParse(fields[1], out var source) && int.TryParse(fields[2], out var partition)
            ? (source, partition)
            : null;
    }
}

/// <summary>Names of the objects in a table's log.</summary>
internal static class DeltaLogKeys
{
    public static string Commit(LakeTable table, long version) => $"{table.LogPrefix}{version:D20}.json";

    public static string Checkpoint(LakeTable table, long version) => $"{table.LogPrefix}{version:D20}.checkpoint.parquet";

    public static string LastCheckpoint(LakeTable table) => $"{table.LogPrefix}_last_checkpoint";

    /// <summary>The version of a commit's key, or null for any other key.</summary>
    public static long? CommitVersion(LakeTable table, string key) =>
        key.Length == table.LogPrefix.Length + 25 && key.EndsWith(".json", StringComparison.Ordinal)
        && long.TryParse(key.AsSpan(table.LogPrefix.Length, 20), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var version)
            ? version
            : null;
}

using System.Collections.Immutable;

namespace IotAnalytics.Core.Lake;

/// <summary>One of the three tables.</summary>
/// <param name="Name"><c>bronze</c>, <c>silver</c> or <c>gold</c>, as in the database.</param>
/// <param name="Root">Where the table lies below the store.</param>
/// <param name="PartitionColumn"><c>ingest_date</c> or <c>event_date</c>.</param>
internal sealed record LakeTable(string Name, string Root, string PartitionColumn)
{
    /// <summary>Folder of the transaction log, with the slash.</summary>
    public string LogPrefix => $"{Root}/_delta_log/";

    /// <summary>The key of a cut's file. Written once by the owner of that epoch, never reused.</summary>
    public string CutKey(DateOnly date, int sourceId, int partition, long firstOffset, long nextOffset, long ownerEpoch) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{Root}/{PartitionColumn}={date:yyyy-MM-dd}/{sourceId}-{partition}-{firstOffset}-{nextOffset}-{ownerEpoch}.parquet");

    /// <summary>The key of a rewritten file. Job ids are never given twice.</summary>
    public string RewriteKey(DateOnly date, long jobId, int number) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Root}/{PartitionColumn}={date:yyyy-MM-dd}/c-{jobId}-{number}.parquet");

    /// <summary>The path of an object within the table, as the Delta log names it.</summary>
    public string RelativePath(string key) => key[(Root.Length + 1)..];

    /// <summary>The key of an object that the Delta log names.</summary>
    public string Key(string relativePath) => $"{Root}/{relativePath}";
}

/// <summary>The tables and where they lie.</summary>
internal sealed class LakeTables(LakeOptions options)
{
    public LakeTable Bronze { get; } = new("bronze", options.Bronze, "ingest_date");
    public LakeTable Silver { get; } = new("silver", options.Silver, "event_date");
    public LakeTable Gold { get; } = new("gold", options.Gold, "event_date");

    /// <summary>In the order of publication. Bronze is last: its <c>txn</c> says that all three tables are complete up to there.</summary>
    public ImmutableArray<LakeTable> InPublicationOrder => [Gold, Silver, Bronze];

    public LakeTable ByName(string name) => name switch
    {
        "bronze" => Bronze,
        "silver" => Silver,
        "gold" => Gold,
        _ => throw new ArgumentException($"There is no table '{name}'.", nameof(name)),
    };
}

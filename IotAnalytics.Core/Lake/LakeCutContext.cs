using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Lake;

/// <summary>What all cuts of one claimed partition share: who owns it, the schemas, and what bounds them.</summary>
/// <param name="maxBufferedBytes">Raw bytes that the open row groups of this partition may hold.</param>
internal sealed class LakeCutContext(
    int sourceId, int partition, long ownerEpoch, ProfileCatalog catalog, LakeOptions options, LakeSpool spool, LakeEncoders encoders, long maxBufferedBytes)
{
    /// <summary>Row groups of a partition that may wait for the encoder or be in it; beyond that the worker waits.</summary>
    private const int MaxInFlight = 1;

    /// <summary>A share of the buffers for which a row group is as large as it may be. With less it is smaller, down to a quarter: reading more of
    /// them costs little, and the compaction makes large ones.</summary>
    private const double BytesOfFullGroups = 16 * 1024 * 1024;

    private readonly double _share = Math.Clamp(maxBufferedBytes / BytesOfFullGroups, 0.25, 1);

    private readonly LakeSchema _silver = LakeSchema.Silver(catalog.Measurements.Select(m => m.Name));
    private readonly LakeSchema _gold = LakeSchema.Gold(catalog.Measurements.Select(m => m.Name));

    public int SourceId => sourceId;
    public int Partition => partition;
    public long OwnerEpoch => ownerEpoch;
    public ProfileCatalog Catalog => catalog;
    public LakeSpool Spool => spool;
    public LakeEncoders Encoders => encoders;
    public long MaxBufferedBytes => maxBufferedBytes;
    public LakeTables Tables { get; } = new(options);

    /// <summary>One permit per row group between the worker and the disk.</summary>
    public SemaphoreSlim InFlight { get; } = new(MaxInFlight, MaxInFlight);

    public LakeSchema SchemaOf(LakeTable table) => table.Name switch
    {
        "bronze" => LakeSchema.Bronze,
        "silver" => _silver,
        _ => _gold,
    };

    public RowBuffer Rent(LakeSchema schema) => encoders.Rent(schema, _share);
}

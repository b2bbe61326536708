using System.Collections.Concurrent;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Lake;

/// <summary>What all cuts of one claimed partition share: who owns it, the schemas, and the buffers, which are reused from cut to cut.</summary>
/// <param name="maxBufferedBytes">Raw bytes that the open row groups of this partition may hold.</param>
internal sealed class LakeCutContext(
    int sourceId, int partition, long ownerEpoch, ProfileCatalog catalog, LakeOptions options, LakeSpool spool, long maxBufferedBytes)
{
    /// <summary>Row groups of a partition that may wait for the encoder or be in it; beyond that the worker waits.</summary>
    private const int MaxInFlight = 1;

    private const int MaxPooled = 2;

    /// <summary>A share of the buffers for which a row group is as large as it may be. With less it is smaller, down to a third: reading more of
    /// them costs little, and the compaction makes large ones.</summary>
    private const double BytesOfFullGroups = 16 * 1024 * 1024;

    private readonly double _share = Math.Clamp(maxBufferedBytes / BytesOfFullGroups, 1.0 / 3, 1);

    private readonly LakeSchema _silver = LakeSchema.Silver(catalog.Measurements.Select(m => m.Name));
    private readonly LakeSchema _gold = LakeSchema.Gold(catalog.Measurements.Select(m => m.Name));
    private readonly ConcurrentDictionary<LakeSchema, ConcurrentStack<RowBuffer>> _buffers = new();
    private readonly ConcurrentStack<EncodeScratch> _scratch = new();

    public int SourceId => sourceId;
    public int Partition => partition;
    public long OwnerEpoch => ownerEpoch;
    public ProfileCatalog Catalog => catalog;
    public LakeSpool Spool => spool;
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

    public RowBuffer Rent(LakeSchema schema) =>
        _buffers.TryGetValue(schema, out var pool) && pool.TryPop(out var buffer) ? buffer : new RowBuffer(schema, _share);

    public void Return(RowBuffer buffer)
    {
        buffer.Clear();
        var pool = _buffers.GetOrAdd(buffer.Schema, _ => new ConcurrentStack<RowBuffer>());
        if (pool.Count < MaxPooled)
        {
            pool.Push(buffer);
        }
    }

    public EncodeScratch RentScratch() => _scratch.TryPop(out var scratch) ? scratch : new EncodeScratch();

    public void Return(EncodeScratch scratch) => _scratch.Push(scratch);
}

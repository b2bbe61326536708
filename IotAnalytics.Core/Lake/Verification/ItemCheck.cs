using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Verification;

/// <summary>Items over bronze = silver + gold + dead letters + duplicates, as far as the database can say.</summary>
internal sealed class ItemCheck
{
    private readonly Dictionary<(int SourceId, int Partition), PartitionItems> _items = [];

    public void AddBronze(int sourceId, int partition, long items) => Of(sourceId, partition).Bronze += items;

    public void AddSilver(int sourceId, int partition, long rows) => Of(sourceId, partition).Silver += rows;

    public void AddGold(int sourceId, int partition, long rows) => Of(sourceId, partition).Gold += rows;

    public long Bronze => _items.Values.Sum(i => i.Bronze);

    public long Silver => _items.Values.Sum(i => i.Silver);

    public long Gold => _items.Values.Sum(i => i.Gold);

    /// <param name="totals">Sums of <c>pipeline_minute</c>.</param>
    /// <param name="isBronzeWhole">No bronze was removed by retention.</param>
    public void Run(StreamPartition partition, PipelineMinute? totals, bool isBronzeWhole, List<string> findings)
    {
        void Find(string what) => findings.Add($"source {partition.SourceId}, partition {partition.Partition}: {what}");
        var items = Of(partition.SourceId, partition.Partition);
        if (isBronzeWhole && items.Bronze < items.Silver + items.Gold)
        {
            Find($"bronze has {items.Bronze} items, silver and gold have {items.Silver + items.Gold} rows");
        }

        // The totals run ahead of the lake until the next cut.
        if (totals is null || partition.FastOffset != partition.LakeOffset)
        {
            return;
        }

        if (items.Silver != totals.Normal)
        {
            Find($"silver has {items.Silver} rows, the totals say {totals.Normal} normal readings");
        }

        if (items.Gold != totals.Anomalies)
        {
            Find($"gold has {items.Gold} rows, the totals say {totals.Anomalies} anomalies");
        }

        if (isBronzeWhole && items.Bronze != items.Silver + items.Gold + totals.DeadLetters + totals.Duplicates)
        {
            Find($"bronze has {items.Bronze} items; silver {items.Silver} + gold {items.Gold} + dead letters {totals.DeadLetters} + duplicates {totals.Duplicates} are {items.Silver + items.Gold + totals.DeadLetters + totals.Duplicates}");
        }
    }

    private PartitionItems Of(int sourceId, int partition)
    {
        if (!_items.TryGetValue((sourceId, partition), out var items))
        {
            _items[(sourceId, partition)] = items = new PartitionItems();
        }

        return items;
    }

    private sealed class PartitionItems
    {
        public long Bronze { get; set; }
        public long Silver { get; set; }
        public long Gold { get; set; }
    }
}

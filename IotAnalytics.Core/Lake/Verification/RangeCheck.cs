using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Verification;

/// <summary>The cuts of a partition must follow each other without gap or overlap up to the committed offset.</summary>
internal static class RangeCheck
{
    public static void Run(StreamPartition partition, IReadOnlyList<LakeFile> files, IReadOnlyList<LostRange> lost, List<string> findings)
    {
        void Find(string what) => findings.Add($"source {partition.SourceId}, partition {partition.Partition}: {what}");

        // A cut has bronze rows always, but bronze expires: what the other tables have shows that the cut was there.
        var mine = files.Where(f => f.SourceId == partition.SourceId && f.Partition == partition.Partition && f.FirstOffset is not null).ToList();
        var cuts = mine.Where(f => f.OwnerEpoch is not null).Select(f => (First: f.FirstOffset!.Value, Next: f.NextOffset!.Value)).Distinct().Order().ToList();
        for (var i = 1; i < cuts.Count; i++)
        {
            if (cuts[i].First < cuts[i - 1].Next)
            {
                Find($"the cuts [{cuts[i - 1].First}, {cuts[i - 1].Next}) and [{cuts[i].First}, {cuts[i].Next}) overlap");
            }
        }

        var ranges = mine.Select(f => (First: f.FirstOffset!.Value, Next: f.NextOffset!.Value))
            .Concat(lost.Where(l => l.SourceId == partition.SourceId && l.Partition == partition.Partition).Select(l => (First: l.FirstOffset, Next: l.NextOffset)))
            .Distinct().Order().ToList();
        if (ranges.Count == 0)
        {
            return;
        }

        var reached = ranges[0].First;
        foreach (var (first, next) in ranges)
        {
            if (first > reached)
            {
                Find($"no cut holds the offsets {reached} to {first}");
            }

            reached = Math.Max(reached, next);
        }

        if (reached != partition.LakeOffset)
        {
            Find($"the cuts end at {reached}, the committed offset is {partition.LakeOffset}");
        }
    }
}

using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Upkeep;

/// <summary>Which files to merge. Pure.</summary>
internal static class CompactionPlan
{
    /// <summary>Encoded bytes below which a file is small.</summary>
    public const long SmallBytes = 32 * 1024 * 1024;

    /// <summary>Small files of a date that is still open before it is compacted.</summary>
    public const int MaxSmallFiles = 50;

    private const long TargetRows = 1_000_000;
    private const long TargetBytes = 128 * 1024 * 1024;

    /// <summary>Runs of at least two neighbouring small files of one date and one partition, in the order of their rows. Only neighbours
    /// are merged, so that files of a date never overlap and a merge is a concatenation.</summary>
    /// <param name="files">Live, published files of one table and date.</param>
    /// <param name="isClosed">The date is over.</param>
    public static IReadOnlyList<IReadOnlyList<LakeFile>> Of(IReadOnlyList<LakeFile> files, bool isClosed)
    {
        var small = files.Count(f => f.ByteCount < SmallBytes);
        if (small <= (isClosed ? 1 : MaxSmallFiles))
        {
            return [];
        }

        var runs = new List<IReadOnlyList<LakeFile>>();
        foreach (var partition in files.GroupBy(f => (f.SourceId, f.Partition)))
        {
            var run = new List<LakeFile>();
            foreach (var file in partition.OrderBy(f => f.FirstOffset).ThenBy(f => f.NextOffset))
            {
                var isSmall = file.ByteCount < SmallBytes;
                var fits = run.Sum(f => f.RowCount) + file.RowCount <= TargetRows && run.Sum(f => f.ByteCount) + file.ByteCount <= TargetBytes;
                if (!isSmall || !fits)
                {
                    Close(runs, ref run);
                }

                if (isSmall)
                {
                    run.Add(file);
                }
            }

            Close(runs, ref run);
        }

        return runs;
    }

    private static void Close(List<IReadOnlyList<LakeFile>> runs, ref List<LakeFile> run)
    {
        if (run.Count > 1)
        {
            runs.Add(run);
        }

        run = [];
    }
}

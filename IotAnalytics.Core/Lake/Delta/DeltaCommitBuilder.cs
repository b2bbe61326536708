using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Lake.Files;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>Decides what the next version of a table says. Pure: the same waiting files give the same body.</summary>
/// <param name="table">The table.</param>
/// <param name="measurements">Measurement columns of the configured profiles.</param>
internal sealed class DeltaCommitBuilder(LakeTable table, IReadOnlyList<string> measurements)
{
    /// <summary>Files of one version, unless a single cut has more.</summary>
    public const int MaxFiles = 1_000;

    /// <summary>The first whole cuts of those that wait, none beyond its partition's <paramref name="bounds"/>.</summary>
    public static List<DeltaWaitingFile> TakeCuts(
        IReadOnlyList<DeltaWaitingFile> waiting, IReadOnlyDictionary<(int SourceId, int Partition), long> bounds, bool isAll)
    {
        var taken = new List<DeltaWaitingFile>();
        for (var i = 0; i < waiting.Count;)
        {
            var first = waiting[i];
            var end = i + 1;
            while (end < waiting.Count && (waiting[end].SourceId, waiting[end].Partition, waiting[end].FirstOffset) == (first.SourceId, first.Partition, first.FirstOffset))
            {
                end++;
            }

            // The last cut may go on beyond what was read.
            var isWhole = end < waiting.Count || isAll;
            if (!isWhole || (taken.Count > 0 && taken.Count + end - i > MaxFiles))
            {
                break;
            }

            if (first.NextOffset <= bounds.GetValueOrDefault((first.SourceId, first.Partition), long.MinValue))
            {
                taken.AddRange(waiting.Take(new Range(i, end)));
            }

            i = end;
        }

        return taken;
    }

    /// <summary>The body of an append, and the measurement columns that the table then has; null when there is nothing to say.</summary>
    /// <param name="state">What the table is now.</param>
    public (string Body, IReadOnlyList<string> Measurements)? Append(
        DeltaTableState state,
        string deltaId,
        IReadOnlyList<DeltaWaitingFile> taken,
        IReadOnlyList<DeltaWaitingFile> waiting,
        IReadOnlyDictionary<(int SourceId, int Partition), long> bounds,
        long now)
    {
        var columns = Union(state.Measurements, taken);
        var isNew = state.Version < 0;
        var hasNewColumns = columns.Count > state.Measurements.Count;
        if (!isNew && !hasNewColumns && taken.Count == 0)
        {
            return null;
        }

        var body = new DeltaBody().CommitInfo(
            now,
            taken.Count > 0 ? "WRITE" : isNew ? "CREATE TABLE" : "ADD COLUMNS",
            new SortedDictionary<string, string>(StringComparer.Ordinal) { ["mode"] = "Append", ["partitionBy"] = $"[\"{table.PartitionColumn}\"]" },
            isBlindAppend: !hasNewColumns);
        if (isNew)
        {
            body.Protocol();
        }

        if (isNew || hasNewColumns)
        {
            body.MetaData(new DeltaMetaData(
                deltaId, LakeSchema.Of(table, columns).ToDelta(), table.PartitionColumn, isNew ? now : state.CreatedTime));
        }

        foreach (var group in taken.GroupBy(f => (f.SourceId, f.Partition)))
        {
            // Complete up to the last cut taken; and when none is left, up to the bound: the cuts in between have no rows here.
            var last = group.Max(f => f.NextOffset);
            var isComplete = !waiting.Any(f => (f.SourceId, f.Partition) == group.Key && f.NextOffset > last && f.NextOffset <= bounds[group.Key]);
            body.Transaction(new DeltaTransaction(
                DeltaTransaction.AppIdOf(group.Key.SourceId, group.Key.Partition), isComplete ? bounds[group.Key] : last, now));
        }

        foreach (var file in taken)
        {
            body.Add(new DeltaAdd(table.RelativePath(file.Key), file.Date, file.Bytes, now, DataChange: true, file.Stats), table.PartitionColumn);
        }

        return (body.ToString(), columns);
    }

    // Columns are never taken away: old files may have them. A file may have columns that the configuration has lost since it was cut.
    private List<string> Union(IReadOnlyList<string> present, IReadOnlyList<DeltaWaitingFile> files)
    {
        if (table.Name == "bronze")
        {
            return [];
        }

        var columns = new List<string>(present);
        var known = new HashSet<string>(present, StringComparer.Ordinal);
        var wanted = new SortedSet<string>(measurements, StringComparer.Ordinal);
        foreach (var file in files)
        {
            if (file.Stats is not null)
            {
                using var stats = JsonDocument.Parse(file.Stats);
                wanted.UnionWith(stats.RootElement.GetProperty("nullCount").EnumerateObject().Select(p => p.Name).Where(n => !LakeSchema.ReservedNames.Contains(n)));
            }
        }

        columns.AddRange(wanted.Where(known.Add));
        return columns;
    }

    /// <summary>The body of a rewrite: what goes and what comes, in one version.</summary>
    public string Rewrite(
        IReadOnlyList<(string Key, long Bytes, string Date)> removed, IReadOnlyList<Persistence.LakeFile> added, bool dataChange, string operation, long now)
    {
        var body = new DeltaBody().CommitInfo(
            now,
            operation,
            new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["numAddedFiles"] = added.Count.ToString(CultureInfo.InvariantCulture),
                ["numRemovedFiles"] = removed.Count.ToString(CultureInfo.InvariantCulture),
            },
            isBlindAppend: false);
        foreach (var (key, bytes, date) in removed)
        {
            body.Remove(new DeltaRemove(table.RelativePath(key), date, bytes, now, dataChange), table.PartitionColumn);
        }

        foreach (var file in added)
        {
            body.Add(new DeltaAdd(table.RelativePath(file.ObjectKey), LakeFileSql.Date(file.PartitionDate), file.ByteCount, now, dataChange, file.Stats), table.PartitionColumn);
        }

        return body.ToString();
    }
}

/// <summary>What the publisher remembers of a table between two versions.</summary>
internal sealed record DeltaTableState(long Version, IReadOnlyList<string> Measurements, long CreatedTime);

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>
/// Cuts that are whole in the store but in no table: they were committed, or about to be, when the database was lost, and the log may have
/// forgotten their records already. The order of the writes proves a cut whole: its state is put after its last file, and a file of the
/// next cut only after it was committed. Pure.
/// </summary>
internal static class CutChain
{
    /// <summary>The cuts that follow <paramref name="from"/>, one after the other, each with all its files.</summary>
    public static IReadOnlyList<AdoptedCut> From(long from, PartitionKey key, LakeSurvey survey)
    {
        var mine = survey.Cuts.Where(c => c.Name.SourceId == key.SourceId && c.Name.Partition == key.Partition && c.Name.FirstOffset >= from)
            .ToLookup(c => c.Name.FirstOffset);
        var states = survey.States.Where(s => s.SourceId == key.SourceId && s.Partition == key.Partition).Select(s => (s.Offset, s.OwnerEpoch)).ToHashSet();
        var chain = new List<AdoptedCut>();
        while (true)
        {
            // A later claim cuts again what an earlier one did not commit: the highest epoch is the one that counts.
            var next = mine[from].Where(c => c.Table == "bronze").Select(c => c.Name).Distinct()
                .Where(n => n.NextOffset > from && (states.Contains((n.NextOffset, n.OwnerEpoch)) || mine[n.NextOffset].Any()))
                .OrderByDescending(n => n.OwnerEpoch).Cast<CutName?>().FirstOrDefault();
            if (next is not { } name)
            {
                return chain;
            }

            chain.Add(new AdoptedCut(name, [.. mine[from].Where(c => c.Name == name)]));
            from = name.NextOffset;
        }
    }
}

/// <summary>A cut found whole in the store.</summary>
internal sealed record AdoptedCut(CutName Name, IReadOnlyList<StoredCut> Files);

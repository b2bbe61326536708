using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Core.Lake.Verification;

/// <summary>What the database says about the lake, read in one transaction.</summary>
internal sealed record LakeState(
    IReadOnlyList<LakeFile> Files,
    IReadOnlyDictionary<string, DeltaTable> Tables,
    IReadOnlyList<DeltaCommit> Unpublished,
    IReadOnlyList<StreamPartition> Partitions,
    IReadOnlyList<LostRange> Lost,
    IReadOnlyDictionary<(int SourceId, int Partition), PipelineMinute> Totals)
{
    public static async Task<LakeState> ReadAsync(IDbContextFactory<AnalyticsDbContext> contexts, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        await using var snapshot = await context.BeginSnapshotAsync(cancellationToken).ConfigureAwait(false);
        return await ReadAsync(context, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<LakeState> ReadAsync(AnalyticsDbContext context, CancellationToken cancellationToken)
    {
        var totals = await context.PipelineMinutes.GroupBy(m => new { m.SourceId, m.Partition })
            .Select(g => new PipelineMinute
            {
                Profile = "",
                SourceId = g.Key.SourceId,
                Partition = g.Key.Partition,
                Readings = g.Sum(m => m.Readings),
                Normal = g.Sum(m => m.Normal),
                Anomalies = g.Sum(m => m.Anomalies),
                DeadLetters = g.Sum(m => m.DeadLetters),
                Duplicates = g.Sum(m => m.Duplicates),
            }).ToListAsync(cancellationToken).ConfigureAwait(false);
        return new LakeState(
            await context.LakeFiles.ToListAsync(cancellationToken).ConfigureAwait(false),
            await context.DeltaTables.ToDictionaryAsync(t => t.TableName, StringComparer.Ordinal, cancellationToken).ConfigureAwait(false),
            await context.DeltaCommits.Where(c => c.PublishedAt == null).ToListAsync(cancellationToken).ConfigureAwait(false),
            await context.StreamPartitions.ToListAsync(cancellationToken).ConfigureAwait(false),
            await context.LostRanges.ToListAsync(cancellationToken).ConfigureAwait(false),
            totals.ToDictionary(t => (t.SourceId, t.Partition)));
    }
}

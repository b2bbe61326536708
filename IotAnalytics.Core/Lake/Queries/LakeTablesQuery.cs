using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Queries;

/// <summary>The tables at a glance, from the database.</summary>
internal sealed class LakeTablesQuery(IDbContextFactory<AnalyticsDbContext> contexts, DeltaPublisher publisher, IOptions<LakeOptions> options)
{
    /// <summary>Bronze, silver, gold.</summary>
    public async Task<IReadOnlyList<LakeTableInfo>> ReadAsync(CancellationToken cancellationToken)
    {
        var tables = new LakeTables(options.Value);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        var rows = await context.DeltaTables.ToDictionaryAsync(t => t.TableName, StringComparer.Ordinal, cancellationToken).ConfigureAwait(false);
        var files = await context.LakeFiles.Where(f => f.RemovedVersion == null)
            .GroupBy(f => new { f.TableName, IsPublished = f.AddedVersion != null })
            .Select(g => new
            {
                g.Key.TableName,
                g.Key.IsPublished,
                Files = g.LongCount(),
                Rows = g.Sum(f => f.RowCount),
                Bytes = g.Sum(f => f.ByteCount),
                First = g.Min(f => f.PartitionDate),
                Last = g.Max(f => f.PartitionDate),
            }).ToListAsync(cancellationToken).ConfigureAwait(false);
        return
        [
            .. new[] { tables.Bronze, tables.Silver, tables.Gold }.Select(table =>
            {
                var row = rows.GetValueOrDefault(table.Name);
                var published = files.Find(f => f.TableName == table.Name && f.IsPublished);
                var waiting = files.Find(f => f.TableName == table.Name && !f.IsPublished);
                return new LakeTableInfo(
                    table.Name, table.Root, row?.Version ?? -1, row?.CheckpointVersion, published?.Files ?? 0, published?.Rows ?? 0, published?.Bytes ?? 0,
                    published?.First, published?.Last, waiting?.Files ?? 0, waiting?.Rows ?? 0, publisher.Stopped.GetValueOrDefault(table.Name));
            }),
        ];
    }
}

/// <summary>One table.</summary>
/// <param name="Path">Below the store.</param>
/// <param name="Version">Newest Delta version, -1 before the first.</param>
/// <param name="Files">Live files that readers of the table see, with their rows and bytes.</param>
/// <param name="FirstDate">Oldest partition date with rows.</param>
/// <param name="WaitingFiles">Committed files that the next publication will add.</param>
/// <param name="Stopped">Why the table is published no more, or null.</param>
internal sealed record LakeTableInfo(
    string Name, string Path, long Version, long? CheckpointVersion, long Files, long Rows, long Bytes, DateOnly? FirstDate, DateOnly? LastDate,
    long WaitingFiles, long WaitingRows, string? Stopped);

using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Upkeep;

/// <summary>
/// Deletes what no reader needs any more: files removed longer than <c>Lake:VacuumAfter</c> ago, bronze dates beyond
/// <c>Lake:BronzeRetention</c> (they become removed files first), files that no row names, old entries of the logs, and dead letters as old as bronze may be. May run twice.
/// </summary>
internal sealed class LakeVacuum(
    ILakeStore store,
    DatabaseWriter writer,
    IDbContextFactory<AnalyticsDbContext> contexts,
    DeltaPublisher publisher,
    DeltaCheckpointer checkpointer,
    IOptions<LakeOptions> options,
    TimeProvider time,
    ILogger<LakeVacuum> logger)
{
    /// <summary>Orphans younger than this may belong to a cut that is about to be committed.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromDays(1);

    private static readonly TimeSpan CommitBodyRetention = TimeSpan.FromDays(30);

    private readonly LakeTables _tables = new(options.Value);

    public async Task<VacuumResult> VacuumAsync(CancellationToken cancellationToken)
    {
        var expired = await ExpireBronzeAsync(cancellationToken).ConfigureAwait(false);
        var deleted = await DeleteRemovedAsync(cancellationToken).ConfigureAwait(false);
        var orphans = await SweepOrphansAsync(cancellationToken).ConfigureAwait(false);
        var trimmed = 0;
        foreach (var table in _tables.InPublicationOrder)
        {
            trimmed += await checkpointer.TrimAsync(table, cancellationToken).ConfigureAwait(false);
        }

        await ForgetCommitBodiesAsync(cancellationToken).ConfigureAwait(false);
        await ForgetDeadLettersAsync(cancellationToken).ConfigureAwait(false);
        var result = new VacuumResult(expired, deleted, orphans, trimmed);
        Log.Vacuumed(logger, result.ExpiredFiles, result.DeletedFiles, result.Orphans, result.LogObjects);
        return result;
    }

    /// <summary>Removes whole dates of bronze from the table, counted from its newest date. Records without a time (1970-01-01) stay.</summary>
    public async Task<int> ExpireBronzeAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        var undated = DateOnly.FromDateTime(DateTime.UnixEpoch);
        var live = await context.LakeFiles
            .Where(f => f.TableName == "bronze" && f.AddedVersion != null && f.RemovedVersion == null && f.PartitionDate != undated)
            .Select(f => new { f.ObjectKey, f.PartitionDate }).ToListAsync(cancellationToken).ConfigureAwait(false);
        if (live.Count == 0)
        {
            return 0;
        }

        var keepFrom = live.Max(f => f.PartitionDate).AddDays(-(int)Math.Ceiling(options.Value.BronzeRetention.TotalDays));
        var expired = live.Where(f => f.PartitionDate < keepFrom).OrderBy(f => f.PartitionDate).ToList();
        foreach (var part in expired.Chunk(DeltaCommitBuilder.MaxFiles))
        {
            await publisher.RewriteAsync(_tables.Bronze, [.. part.Select(f => f.ObjectKey)], [], dataChange: true, "DELETE", cancellationToken).ConfigureAwait(false);
        }

        return expired.Count;
    }

    /// <summary>Deletes dead letters that are older than bronze, which has their records, may be; ages count from the newest one.</summary>
    public Task<int> ForgetDeadLettersAsync(CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            using var query = transaction.Query("SELECT max(record_time) FROM dead_letter");
            using var newest = query.ExecuteReader();
            if (!newest.Read() || newest.IsDBNull(0))
            {
                return 0;
            }

            var before = new DbTime(newest.GetUnixMs(0) - (long)options.Value.BronzeRetention.TotalMilliseconds);
            newest.Close();
            return transaction.Execute("DELETE FROM dead_letter WHERE record_time < @before", ("@before", before));
        },
        cancellationToken);

    /// <summary>Deletes the objects of removed files, then their rows.</summary>
    public async Task<int> DeleteRemovedAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        var before = (time.GetUtcNow() - options.Value.VacuumAfter).UtcDateTime;

        // As long as a removal is not published, readers still see the file.
        var unpublished = await context.DeltaCommits.Where(c => c.PublishedAt == null).Select(c => c.TableName).ToListAsync(cancellationToken).ConfigureAwait(false);
        var removed = await context.LakeFiles.Where(f => f.RemovedAt != null && f.RemovedAt <= before && !unpublished.Contains(f.TableName))
            .Select(f => f.ObjectKey).ToListAsync(cancellationToken).ConfigureAwait(false);
        foreach (var key in removed)
        {
            await store.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
            await writer.WriteAsync(
                transaction => DeltaTableSql.Command(transaction, "DELETE FROM lake_file WHERE object_key = @key AND removed_at IS NOT NULL").Add("@key", key).Run(),
                cancellationToken).ConfigureAwait(false);
        }

        return removed.Count;
    }

    /// <summary>Deletes data files that no row names: puts of owners that were fenced or killed before they committed.</summary>
    public async Task<int> SweepOrphansAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        var claims = await context.StreamPartitions.Where(p => p.ClaimedAt != null).Select(p => p.ClaimedAt!.Value).ToListAsync(cancellationToken).ConfigureAwait(false);
        var before = time.GetUtcNow() - OrphanAge;
        if (claims.Count > 0 && claims.Min() < before.UtcDateTime)
        {
            // A live owner may have put files since its claim that it has not committed yet.
            before = new DateTimeOffset(DateTime.SpecifyKind(claims.Min(), DateTimeKind.Utc));
        }

        var known = (await context.LakeFiles.Select(f => f.ObjectKey).ToListAsync(cancellationToken).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal);
        var swept = 0;
        foreach (var table in _tables.InPublicationOrder)
        {
            await foreach (var entry in store.ListAsync($"{table.Root}/{table.PartitionColumn}=", cancellationToken).ConfigureAwait(false))
            {
                if (entry.Key.EndsWith(".parquet", StringComparison.Ordinal) && entry.LastModified < before && !known.Contains(entry.Key))
                {
                    Log.OrphanDeleted(logger, entry.Key);
                    await store.DeleteAsync(entry.Key, cancellationToken).ConfigureAwait(false);
                    swept++;
                }
            }
        }

        return swept;
    }

    // The log itself has them; what is needed to finish a publication is not old.
    private Task ForgetCommitBodiesAsync(CancellationToken cancellationToken)
    {
        var before = DbTime.From(time.GetUtcNow() - CommitBodyRetention);
        return writer.WriteAsync(
            transaction => DeltaTableSql.Command(transaction, "DELETE FROM delta_commit WHERE published_at < @before").Add("@before", before).Run(), cancellationToken);
    }
}

/// <summary>What a vacuum did.</summary>
/// <param name="ExpiredFiles">Bronze files taken out of the table.</param>
/// <param name="DeletedFiles">Objects of removed files.</param>
/// <param name="Orphans">Objects that no row named.</param>
/// <param name="LogObjects">Old commits and checkpoints.</param>
internal sealed record VacuumResult(int ExpiredFiles, int DeletedFiles, int Orphans, int LogObjects);

using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Upkeep;

/// <summary>
/// Merges small files, date by date: one version per table and date, <c>dataChange = false</c>. May run twice or beside a host: a file
/// that somebody else replaced meanwhile makes the commit fail, and nothing has changed.
/// </summary>
internal sealed class LakeCompactor(
    ILakeStore store,
    DatabaseWriter writer,
    IDbContextFactory<AnalyticsDbContext> contexts,
    DeltaPublisher publisher,
    LakeSpool spool,
    IOptions<LakeOptions> options,
    TimeProvider time,
    ILogger<LakeCompactor> logger)
{
    private readonly LakeTables _tables = new(options.Value);
    private readonly FileRewriter _rewriter = new(store);

    public async Task<CompactionResult> CompactAsync(CancellationToken cancellationToken)
    {
        var result = new CompactionResult(0, 0, 0);
        foreach (var table in _tables.InPublicationOrder.Where(t => !publisher.Stopped.ContainsKey(t.Name)))
        {
            foreach (var (date, runs) in await PlanAsync(table, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    await CompactAsync(table, date, runs, cancellationToken).ConfigureAwait(false);
                    result = new CompactionResult(result.Dates + 1, result.FilesBefore + runs.Sum(r => r.Count), result.FilesAfter + runs.Count);
                }
                catch (LakeConflictException e)
                {
                    Log.RewriteAbandoned(logger, table.Name, LakeFileSql.Date(date), e.Message);
                }
            }
        }

        return result;
    }

    private async Task<List<(DateOnly Date, IReadOnlyList<IReadOnlyList<LakeFile>> Runs)>> PlanAsync(LakeTable table, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        var live = await context.LakeFiles.Where(f => f.TableName == table.Name && f.AddedVersion != null && f.RemovedVersion == null)
            .ToListAsync(cancellationToken).ConfigureAwait(false);
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        return
        [
            .. live.GroupBy(f => f.PartitionDate).OrderBy(g => g.Key)
                .Select(g => (g.Key, CompactionPlan.Of([.. g], isClosed: g.Key < today))).Where(p => p.Item2.Count > 0),
        ];
    }

    private async Task CompactAsync(LakeTable table, DateOnly date, IReadOnlyList<IReadOnlyList<LakeFile>> runs, CancellationToken cancellationToken)
    {
        var measurements = (await new DeltaLog(store).LoadAsync(table, cancellationToken).ConfigureAwait(false)).Measurements;
        var jobId = await writer.WriteAsync(transaction => DeltaTableSql.Next(transaction, "rewrite"), cancellationToken).ConfigureAwait(false);
        var merged = new List<LakeFile>(runs.Count);
        foreach (var run in runs)
        {
            merged.Add(await MergeAsync(table, date, run, measurements, table.RewriteKey(date, jobId, merged.Count), cancellationToken).ConfigureAwait(false));
        }

        try
        {
            await publisher.RewriteAsync(
                table, [.. runs.SelectMany(r => r.Select(f => f.ObjectKey))], merged, dataChange: false, "OPTIMIZE", cancellationToken).ConfigureAwait(false);
        }
        catch (LakeConflictException)
        {
            foreach (var file in merged)
            {
                await store.DeleteAsync(file.ObjectKey, cancellationToken).ConfigureAwait(false);
            }

            throw;
        }

        Log.Compacted(logger, table.Name, LakeFileSql.Date(date), runs.Sum(r => r.Count), merged.Count);
    }

    private async Task<LakeFile> MergeAsync(
        LakeTable table, DateOnly date, IReadOnlyList<LakeFile> run, IReadOnlyList<string> measurements, string key, CancellationToken cancellationToken)
    {
        var path = spool.NewRewritePath();
        try
        {
            var written = await _rewriter.MergeAsync(table, measurements, [.. run.Select(f => f.ObjectKey)], path, cancellationToken).ConfigureAwait(false);
            if (written.Rows != run.Sum(f => f.RowCount))
            {
                throw new InvalidDataException($"{key} would have {written.Rows} rows where {run.Sum(f => f.RowCount)} were expected.");
            }

            await store.PutFileAsync(key, path, cancellationToken).ConfigureAwait(false);
            return new LakeFile
            {
                ObjectKey = key,
                TableName = table.Name,
                SourceId = run[0].SourceId,
                Partition = run[0].Partition,
                FirstOffset = run.Min(f => f.FirstOffset),
                NextOffset = run.Max(f => f.NextOffset),
                PartitionDate = date,
                RowCount = written.Rows,
                ByteCount = written.Bytes,
                Sha256 = written.Sha256,
                Stats = written.Statistics,
            };
        }
        finally
        {
            File.Delete(path);
        }
    }
}

/// <summary>What a compaction did.</summary>
/// <param name="Dates">Table dates rewritten.</param>
internal sealed record CompactionResult(int Dates, int FilesBefore, int FilesAfter);

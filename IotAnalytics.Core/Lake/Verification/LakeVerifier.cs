using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Verification;

/// <summary>
/// Reads every live object and the Delta logs and compares them with the database and with each other. Writes nothing; works beside a
/// running host, because it judges by one consistent reading of the database and asks again before it calls an object missing.
/// </summary>
internal sealed class LakeVerifier(ILakeStore store, IDbContextFactory<AnalyticsDbContext> contexts, IOptions<LakeOptions> options)
{
    private readonly LakeTables _tables = new(options.Value);
    private readonly DeltaLog _log = new(store);

    /// <param name="progress">Called with the files done and the files in all.</param>
    public async Task<LakeVerification> VerifyAsync(Action<int, int> progress, CancellationToken cancellationToken)
    {
        var findings = new List<string>();
        var state = await LakeState.ReadAsync(contexts, cancellationToken).ConfigureAwait(false);
        foreach (var table in _tables.InPublicationOrder)
        {
            await CheckLogAsync(table, state, findings, cancellationToken).ConfigureAwait(false);
        }

        var items = new ItemCheck();
        var live = state.Files.Where(f => f.RemovedVersion is null).ToList();
        var vanished = await CheckFilesAsync(live, items, progress, findings, cancellationToken).ConfigureAwait(false);
        foreach (var partition in state.Partitions)
        {
            RangeCheck.Run(partition, state.Files, state.Lost, findings);
            var isBronzeWhole = BronzeReachesAsFarBack(partition, live) && !state.Lost.Any(l => (l.SourceId, l.Partition) == (partition.SourceId, partition.Partition));
            if (vanished.Contains((partition.SourceId, partition.Partition)))
            {
                continue;
            }

            items.Run(partition, state.Totals.GetValueOrDefault((partition.SourceId, partition.Partition)), isBronzeWhole, findings);
        }

        return new LakeVerification(
            findings, live.Count, live.Sum(f => f.RowCount), live.Sum(f => f.ByteCount), items.Bronze, items.Silver, items.Gold);
    }

    private static bool BronzeReachesAsFarBack(StreamPartition partition, List<LakeFile> live)
    {
        var mine = live.Where(f => f.SourceId == partition.SourceId && f.Partition == partition.Partition).ToList();
        var bronze = mine.Where(f => f.TableName == "bronze").Select(f => (f.FirstOffset, f.NextOffset)).ToList();
        return mine.All(f => f.TableName == "bronze" || (bronze.Any(b => b.FirstOffset <= f.FirstOffset) && bronze.Any(b => b.NextOffset >= f.NextOffset)))
            && IsContiguous(bronze);
    }

    private static bool IsContiguous(IEnumerable<(long? First, long? Next)> ranges)
    {
        var reached = default(long?);
        foreach (var (first, next) in ranges.OrderBy(r => r.First))
        {
            if (reached is not null && first > reached)
            {
                return false;
            }

            reached = reached is null ? next : Math.Max(reached.Value, next!.Value);
        }

        return true;
    }

    private async Task CheckLogAsync(LakeTable table, LakeState state, List<string> findings, CancellationToken cancellationToken)
    {
        var row = state.Tables.GetValueOrDefault(table.Name);
        var published = state.Unpublished.Where(c => c.TableName == table.Name).Select(c => c.Version - 1).DefaultIfEmpty(row?.Version ?? -1).Min();
        try
        {
            var snapshot = await _log.LoadAsync(table, cancellationToken, published).ConfigureAwait(false);
            if (snapshot.Version < published)
            {
                findings.Add($"{table.Root}/_delta_log ends at version {snapshot.Version}, the database published {published}");
            }

            LogCheck.Run(
                table, snapshot, row, state.Files, state.Partitions.ToDictionary(p => (p.SourceId, p.Partition), p => p.LakeOffset), findings);
        }
        catch (InvalidDataException e)
        {
            findings.Add($"{table.Root}/_delta_log: {e.Message}");
        }
    }

    /// <summary>The partitions of which a file was compacted and vacuumed away meanwhile, so that its rows could not be counted.</summary>
    private async Task<HashSet<(int SourceId, int Partition)>> CheckFilesAsync(
        List<LakeFile> live, ItemCheck items, Action<int, int> progress, List<string> findings, CancellationToken cancellationToken)
    {
        var vanished = new HashSet<(int SourceId, int Partition)>();
        var (bronze, readings, done) = (new IdentityCheck("bronze", findings), new IdentityCheck("silver and gold", findings), 0);
        foreach (var file in live.OrderBy(f => f.TableName != "bronze").ThenBy(f => f.SourceId).ThenBy(f => f.Partition).ThenBy(f => f.FirstOffset).ThenBy(f => f.ObjectKey, StringComparer.Ordinal))
        {
            var identities = file.TableName == "bronze" ? bronze : readings;
            identities.Begin(file);
            try
            {
                await new FileCheck(store, _tables.ByName(file.TableName), file, findings).RunAsync(
                    rows =>
                    {
                        identities.Add(rows);
                        Count(file, rows, items);
                    },
                    cancellationToken).ConfigureAwait(false);
            }
            catch (FileNotFoundException)
            {
                if (await IsLiveAsync(file, cancellationToken).ConfigureAwait(false))
                {
                    findings.Add($"{file.ObjectKey}: the object is missing");
                }
                else
                {
                    vanished.Add((file.SourceId ?? 0, file.Partition ?? 0));
                }
            }

            progress(++done, live.Count);
        }

        bronze.End();
        readings.End();
        return vanished;
    }

    private static void Count(LakeFile file, Files.RowBuffer rows, ItemCheck items)
    {
        var (source, partition) = (file.SourceId ?? 0, file.Partition ?? 0);
        switch (file.TableName)
        {
            case "bronze":
                var sum = 0L;
                foreach (var count in rows.Ints(6).Values[..rows.Rows])
                {
                    sum += count;
                }

                items.AddBronze(source, partition, sum);
                break;
            case "silver":
                items.AddSilver(source, partition, rows.Rows);
                break;
            default:
                items.AddGold(source, partition, rows.Rows);
                break;
        }
    }

    private async Task<bool> IsLiveAsync(LakeFile file, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        return await context.LakeFiles.AnyAsync(f => f.ObjectKey == file.ObjectKey && f.RemovedVersion == null, cancellationToken).ConfigureAwait(false);
    }
}

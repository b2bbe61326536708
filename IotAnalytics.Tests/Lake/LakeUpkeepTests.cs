using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Lake.Upkeep;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Tests.Lake;

public sealed class LakeUpkeepTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Small_files_of_closed_dates_become_one_and_no_row_changes()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var (first, second) = (new LakeTestData(1) { RecordInterval = 300_000 }, new LakeTestData(2) { RecordInterval = 300_000 });
        var publisher = lake.NewPublisher();
        for (var i = 0; i < 8; i++)
        {
            await lake.CommitCutAsync(first, records: 60);
            await lake.CommitCutAsync(second, records: 60, partition: 1);
            await publisher.PublishAsync(Token);
        }

        using var duck = new Duck();
        var before = Rows(lake, duck, await LiveAsync(lake, "silver"));
        lake.Time.SetUtcNow(new DateTimeOffset(2026, 1, 3, 0, 0, 0, TimeSpan.Zero));

        var result = await lake.Compactor.CompactAsync(Token);

        Assert.True(result.FilesAfter < result.FilesBefore / 3, $"{result}");
        Assert.Equal(before, Rows(lake, duck, await LiveAsync(lake, "silver")));
        Assert.Empty(await lake.FindingsAsync());
        foreach (var group in (await LiveAsync(lake, "silver")).Where(f => f.PartitionDate < new DateOnly(2026, 1, 3)).GroupBy(f => (f.PartitionDate, f.Partition)))
        {
            Assert.Single(group);
            Assert.True(group.Key.PartitionDate.Year == 2025 || group.Single().ObjectKey.Contains("/c-", StringComparison.Ordinal));
            Assert.Equal(
                Rows(lake, duck, [group.Single()], order: ""), Rows(lake, duck, [group.Single()]));
        }

        // Nothing is small and many any more; the day that is still open stays as it is.
        Assert.Equal(0, (await lake.Compactor.CompactAsync(Token)).Dates);
        foreach (var (table, rows) in new[] { (lake.Tables.Silver, first.Rows.Concat(second.Rows).Count(r => !r.IsAnomaly)), (lake.Tables.Bronze, first.Records.Count + second.Records.Count) })
        {
            Assert.Equal(rows, (await DeltaRead.TableAsync(lake.Folder(table))).Rows());
        }

        await lake.CommitCutAsync(first, records: 60);
        await publisher.PublishAsync(Token);
        Assert.Empty(await lake.FindingsAsync());
    }

    [Fact]
    public async Task An_open_date_is_compacted_when_it_has_too_many_small_files()
    {
        await using var lake = await LakeFixture.CreateAsync(now: DateTimeOffset.FromUnixTimeMilliseconds(LakeTestData.Start).AddHours(12));
        var data = new LakeTestData(3) { RecordInterval = 1_000 };
        await lake.CommitCutAsync(data, records: 100, others: false);
        for (var i = 0; i < CompactionPlan.MaxSmallFiles; i++)
        {
            await lake.CommitCutAsync(data, records: 2, anomalies: 0, others: false);
        }

        await lake.NewPublisher().PublishAsync(Token);
        var result = await lake.Compactor.CompactAsync(Token);

        Assert.Equal(new CompactionResult(2, 102, 2), result);
        Assert.Empty(await lake.FindingsAsync());
    }

    [Fact]
    public async Task Bronze_bytes_survive_compaction()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(4);
        for (var i = 0; i < 3; i++)
        {
            await lake.CommitCutAsync(data, records: 50);
        }

        await lake.NewPublisher().PublishAsync(Token);
        await lake.Compactor.CompactAsync(Token);

        using var duck = new Duck();
        var bronze = (await LiveAsync(lake, "bronze")).Single();
        var rows = duck.Rows($"SELECT record_offset, value, item_count, record_key IS NULL, headers FROM read_parquet('{lake.DataDirectory.Combine("lake/" + bronze.ObjectKey)}')");
        Assert.Equal(data.Records.Select(r => r.Offset), rows.Select(r => (long)r[0]!));
        Assert.All(data.Records.Zip(rows), pair => Assert.True(pair.First.Value.AsSpan().SequenceEqual((byte[])pair.Second[1]!)));
        Assert.Contains(rows, r => (bool)r[3]!);
        Assert.Contains(rows, r => !(bool)r[3]!);
        Assert.Contains(rows, r => r[4] is not null);
        duck.AssertPruningLosesNothing(lake.DataDirectory.Combine("lake/" + bronze.ObjectKey), "record_offset", "record_time", "item_count");
    }

    [Fact]
    public async Task A_file_that_is_no_longer_live_makes_the_rewrite_fail_and_changes_nothing()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(5);
        await lake.CommitCutAsync(data);
        await lake.CommitCutAsync(data);
        await lake.NewPublisher().PublishAsync(Token);
        var silver = await LiveAsync(lake, "silver");
        await lake.NewPublisher().RewriteAsync(lake.Tables.Silver, [silver[0].ObjectKey], [], dataChange: true, "DELETE", Token);
        var version = (await lake.SnapshotAsync(lake.Tables.Silver)).Version;

        await Assert.ThrowsAsync<LakeConflictException>(() => lake.NewPublisher().RewriteAsync(
            lake.Tables.Silver, [.. silver.Select(f => f.ObjectKey)], [], dataChange: false, "OPTIMIZE", Token));

        Assert.Equal(version, (await lake.SnapshotAsync(lake.Tables.Silver)).Version);
        Assert.Equal(silver.Count - 1, (await LiveAsync(lake, "silver")).Count);
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_a_compaction_loses_nothing()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(6);
        for (var i = 0; i < 4; i++)
        {
            await lake.CommitCutAsync(data);
        }

        await lake.NewPublisher().PublishAsync(Token);
        lake.Store.FailAfterPut = key => key.Contains("/c-", StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => lake.Compactor.CompactAsync(Token));
        lake.Store.FailAfterPut = _ => false;
        Assert.Empty(await lake.FindingsAsync());
        lake.Store.FailBeforePut = key => key.EndsWith(".json", StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => lake.Compactor.CompactAsync(Token));
        lake.Store.FailBeforePut = _ => false;

        // The frozen version is put by whoever comes next, here the compaction of the other tables.
        await lake.Compactor.CompactAsync(Token);
        await lake.NewPublisher().PublishAsync(Token);

        await DeltaPublisherTests.AssertCompleteAsync(lake, data);
        Assert.Empty(await lake.FindingsAsync());
    }

    [Fact]
    public async Task Removed_files_are_deleted_after_their_time()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(7);
        await lake.CommitCutAsync(data);
        await lake.CommitCutAsync(data);
        await lake.NewPublisher().PublishAsync(Token);
        var old = (await LiveAsync(lake, "silver")).Where(f => f.PartitionDate.Year == 2026).Select(f => f.ObjectKey).ToList();
        await lake.Compactor.CompactAsync(Token);

        lake.Time.Advance(TimeSpan.FromDays(6.9));
        Assert.Equal(0, (await lake.Vacuum.VacuumAsync(Token)).DeletedFiles);
        Assert.All(old, key => Assert.True(File.Exists(lake.DataDirectory.Combine("lake/" + key))));
        lake.Time.Advance(TimeSpan.FromDays(0.2));
        Assert.True((await lake.Vacuum.VacuumAsync(Token)).DeletedFiles >= old.Count);

        Assert.All(old, key => Assert.False(File.Exists(lake.DataDirectory.Combine("lake/" + key))));
        Assert.Empty(await lake.FindingsAsync());
        await DeltaPublisherTests.AssertCompleteAsync(lake, data);
    }

    [Fact]
    public async Task Bronze_expires_by_whole_dates_counted_from_its_newest()
    {
        await using var lake = await LakeFixture.CreateAsync(new LakeOptions { BronzeRetention = TimeSpan.FromDays(2) });
        var data = new LakeTestData(8) { RecordInterval = 3_600_000 };
        for (var i = 0; i < 6; i++)
        {
            await lake.CommitCutAsync(data, records: 24, others: false);
        }

        await lake.NewPublisher().PublishAsync(Token);
        await lake.CommitTotalsAsync(data);
        Assert.Equal(6, (await LiveAsync(lake, "bronze")).Select(f => f.PartitionDate).Distinct().Count());

        var result = await lake.Vacuum.VacuumAsync(Token);

        Assert.Equal(3, result.ExpiredFiles);
        Assert.Equal(new DateOnly(2026, 1, 4), (await LiveAsync(lake, "bronze")).Min(f => f.PartitionDate));
        Assert.Equal(24 * 3, (await DeltaRead.TableAsync(lake.Folder(lake.Tables.Bronze))).Rows());
        Assert.Empty(await lake.FindingsAsync());
        lake.Time.Advance(TimeSpan.FromDays(8));
        Assert.Equal(3, (await lake.Vacuum.VacuumAsync(Token)).DeletedFiles);
        Assert.Empty(await lake.FindingsAsync());
    }

    [Fact]
    public async Task Dead_letters_are_kept_as_long_as_bronze()
    {
        await using var lake = await LakeFixture.CreateAsync(new LakeOptions { BronzeRetention = TimeSpan.FromDays(2) });
        var newest = new DateTimeOffset(2026, 1, 10, 12, 0, 0, TimeSpan.Zero);
        foreach (var (offset, hours) in new[] { (1, 0), (2, 47), (3, 49) })
        {
            await lake.Writer.WriteAsync(
                t => t.Execute(
                    "INSERT INTO dead_letter (source_id, partition, record_offset, item, reason, record_time) VALUES (1, 0, @offset, 0, 'bad_json', @time)",
                    ("@offset", offset), ("@time", newest.AddHours(-hours).ToUnixTimeMilliseconds())),
                Token);
        }

        await lake.Vacuum.VacuumAsync(Token);

        await using var context = await lake.Contexts.CreateDbContextAsync(Token);
        Assert.Equal([1, 2], await context.DeadLetters.Select(d => d.RecordOffset).OrderBy(o => o).ToListAsync(Token));
    }

    [Fact]
    public async Task Orphans_go_when_they_are_old_and_nobody_can_commit_them()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(9);
        await lake.CommitCutAsync(data);
        await lake.NewPublisher().PublishAsync(Token);
        var orphan = "silver/normal-readings/event_date=2026-01-01/1-0-0-75-9.parquet";
        await lake.Store.PutAsync(orphan, "never committed"u8.ToArray(), Token);
        var now = TimeProvider.System.GetUtcNow();

        lake.Time.SetUtcNow(now.AddHours(23));
        Assert.Equal(0, await lake.Vacuum.SweepOrphansAsync(Token));
        lake.Time.SetUtcNow(now.AddDays(10));
        await lake.SqlAsync($"UPDATE stream_partition SET claimed_at = {now.AddHours(-1).ToUnixTimeMilliseconds()}");
        Assert.Equal(0, await lake.Vacuum.SweepOrphansAsync(Token));
        await lake.SqlAsync($"UPDATE stream_partition SET claimed_at = {now.AddDays(9).ToUnixTimeMilliseconds()}");
        Assert.Equal(1, await lake.Vacuum.SweepOrphansAsync(Token));

        Assert.False(File.Exists(lake.DataDirectory.Combine("lake/" + orphan)));
        Assert.Empty(await lake.FindingsAsync());
    }

    [Fact]
    public void Only_neighbours_are_merged_and_large_files_stay()
    {
        static LakeFile File(long first, long bytes, long rows = 10, int partition = 0) => new()
        {
            ObjectKey = $"k{partition}-{first}",
            TableName = "silver",
            Sha256 = "",
            SourceId = 1,
            Partition = partition,
            FirstOffset = first,
            NextOffset = first + 10,
            ByteCount = bytes,
            RowCount = rows,
        };

        const long Large = CompactionPlan.SmallBytes;
        List<LakeFile> files = [File(0, 1), File(10, 1), File(20, Large), File(30, 1), File(40, Large), File(50, 1), File(60, 1), File(0, 1, partition: 1), File(70, 1, rows: 999_990)];

        var runs = CompactionPlan.Of(files, isClosed: true);

        Assert.Equal([["k0-0", "k0-10"], ["k0-50", "k0-60"]], runs.Select(r => r.Select(f => f.ObjectKey).ToArray()));
        Assert.Empty(CompactionPlan.Of(files, isClosed: false));
        Assert.Empty(CompactionPlan.Of([File(0, 1), File(10, Large)], isClosed: true));
    }

    private static async Task<List<LakeFile>> LiveAsync(LakeFixture lake, string table)
    {
        await using var context = await lake.Contexts.CreateDbContextAsync(Token);
        return await context.LakeFiles.Where(f => f.TableName == table && f.RemovedVersion == null).OrderBy(f => f.ObjectKey).ToListAsync(Token);
    }

    private static List<string> Rows(LakeFixture lake, Duck duck, List<LakeFile> files, string order = "ORDER BY ALL")
    {
        var list = string.Join(", ", files.Select(f => $"'{lake.DataDirectory.Combine("lake/" + f.ObjectKey)}'"));
        return [.. duck.Rows($"SELECT * FROM read_parquet([{list}], hive_partitioning=true) {order}").Select(r => string.Join('|', r))];
    }
}

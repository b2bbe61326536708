using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Delta;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Tests.Lake;

public sealed class LakeVerifierTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sound_lake_has_no_findings()
    {
        await using var lake = await LakeFixture.CreateAsync(new LakeOptions { CheckpointEvery = 3 });
        Assert.Empty(await lake.FindingsAsync());
        var data = new LakeTestData(1) { RecordInterval = 500_000 };
        var publisher = lake.NewPublisher();
        for (var i = 0; i < 8; i++)
        {
            await lake.CommitCutAsync(data, records: 100);
            await publisher.PublishAsync(Token);
        }

        // One more that is committed and not yet published.
        await lake.CommitCutAsync(data);
        await lake.CommitTotalsAsync(data);

        var result = await lake.Verifier.VerifyAsync((_, _) => { }, Token);

        Assert.Empty(result.Findings);
        Assert.Equal((data.Records.Sum(r => r.Items), data.Rows.Count(r => !r.IsAnomaly), data.Rows.Count(r => r.IsAnomaly)), (result.BronzeItems, result.SilverRows, result.GoldRows));
    }

    [Theory]
    [InlineData("a flipped byte", "SHA-256")]
    [InlineData("a lost object", "the object is missing")]
    [InlineData("a wrong row count", "rows")]
    [InlineData("a wrong maximum", "maximum 99")]
    [InlineData("a wrong null count", "nulls")]
    [InlineData("a lost cut", "no cut holds the offsets")]
    [InlineData("an offset beyond the cuts", "the committed offset is")]
    [InlineData("a file that the log lacks", "is live in the database and not here")]
    [InlineData("a file that the database lacks", "is live here and not in the database")]
    [InlineData("a lost version", "the database published")]
    [InlineData("a torn version", "not an action")]
    [InlineData("another table", "table id is")]
    [InlineData("a cut twice", "is there twice")]
    [InlineData("overlapping cuts", "overlap")]
    [InlineData("a reading too few in the totals", "the totals say")]
    [InlineData("a dead letter too few", "bronze has")]
    public async Task Damage_is_found(string damage, string finding)
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(2);
        for (var i = 0; i < 3; i++)
        {
            await lake.CommitCutAsync(data, records: 60);
            await lake.NewPublisher().PublishAsync(Token);
        }

        await lake.CommitTotalsAsync(data);
        Assert.Empty(await lake.FindingsAsync());
        await using var context = await lake.Contexts.CreateDbContextAsync(Token);
        var silver = await context.LakeFiles.Where(f => f.TableName == "silver").OrderBy(f => f.FirstOffset).ThenBy(f => f.ObjectKey).LastAsync(Token);
        var middle = await context.LakeFiles.Where(f => f.TableName == "bronze").OrderBy(f => f.FirstOffset).Skip(1).FirstAsync(Token);

        await DamageAsync(lake, damage, silver, middle, await context.LakeFiles.ToListAsync(Token));

        Assert.Contains(await lake.FindingsAsync(), f => f.Contains(finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_works_while_cuts_are_committed_published_and_compacted()
    {
        await using var lake = await LakeFixture.CreateAsync(new LakeOptions { CheckpointEvery = 3, VacuumAfter = TimeSpan.Zero });
        var data = new LakeTestData(3);
        var host = Task.Run(
            async () =>
            {
                for (var i = 0; i < 25; i++)
                {
                    await lake.CommitCutAsync(data, records: 10);
                    await lake.NewPublisher().PublishAsync(Token);
                    if (i % 5 == 4)
                    {
                        await lake.Compactor.CompactAsync(Token);
                        await lake.Vacuum.VacuumAsync(Token);
                    }
                }
            },
            Token);
        var rounds = 0;
        while (!host.IsCompleted || rounds < 2)
        {
            Assert.Empty(await lake.FindingsAsync());
            rounds++;
        }

        await host;
    }

    private static async Task DamageAsync(
        LakeFixture lake, string damage, Core.Persistence.LakeFile silver, Core.Persistence.LakeFile middle, List<Core.Persistence.LakeFile> files)
    {
        var path = lake.DataDirectory.Combine("lake/" + silver.ObjectKey);
        var commit = lake.DataDirectory.Combine("lake/" + DeltaLogKeys.Commit(lake.Tables.Silver, 2));
        switch (damage)
        {
            case "a flipped byte":
                var bytes = await File.ReadAllBytesAsync(path, Token);
                bytes[bytes.Length / 2] ^= 1;
                await File.WriteAllBytesAsync(path, bytes, Token);
                break;
            case "a lost object":
                File.Delete(path);
                break;
            case "a wrong row count":
                await lake.SqlAsync($"UPDATE lake_file SET row_count = row_count + 1 WHERE object_key = '{silver.ObjectKey}'");
                break;
            case "a wrong maximum":
                await lake.SqlAsync($"UPDATE lake_file SET stats = json_set(stats, '$.maxValues.temperature', 99) WHERE object_key = '{silver.ObjectKey}'");
                break;
            case "a wrong null count":
                await lake.SqlAsync($"UPDATE lake_file SET stats = json_set(stats, '$.nullCount.humidity', 100000) WHERE object_key = '{silver.ObjectKey}'");
                break;
            case "a lost cut":
                await lake.SqlAsync($"DELETE FROM lake_file WHERE first_offset = {middle.FirstOffset}");
                break;
            case "an offset beyond the cuts":
                await lake.SqlAsync("UPDATE stream_partition SET fast_offset = fast_offset + 5, rollup_offset = rollup_offset + 5, lake_offset = lake_offset + 5");
                break;
            case "a file that the log lacks":
                var lines = await File.ReadAllLinesAsync(commit, Token);
                await File.WriteAllLinesAsync(commit, lines[..^1], Token);
                break;
            case "a file that the database lacks":
                await lake.SqlAsync($"DELETE FROM lake_file WHERE object_key = '{silver.ObjectKey}'");
                break;
            case "a lost version":
                File.Delete(commit);
                break;
            case "a torn version":
                await File.WriteAllTextAsync(commit, (await File.ReadAllTextAsync(commit, Token))[..100], Token);
                break;
            case "another table":
                await lake.SqlAsync("UPDATE delta_table SET delta_id = 'other'");
                break;
            case "a cut twice":
                foreach (var file in files.Where(f => f.FirstOffset == middle.FirstOffset))
                {
                    var copy = file.ObjectKey.Replace("-1.parquet", "-2.parquet", StringComparison.Ordinal);
                    File.Copy(lake.DataDirectory.Combine("lake/" + file.ObjectKey), lake.DataDirectory.Combine("lake/" + copy));
                    await lake.SqlAsync($"""
                        INSERT INTO lake_file SELECT '{copy}', table_name, source_id, partition, first_offset, next_offset, 2, partition_date, row_count, byte_count, sha256, stats, NULL, NULL, NULL
                        FROM lake_file WHERE object_key = '{file.ObjectKey}'
                        """.Replace("INSERT INTO lake_file SELECT", "INSERT INTO lake_file (object_key, table_name, source_id, partition, first_offset, next_offset, owner_epoch, partition_date, row_count, byte_count, sha256, stats, added_version, removed_version, removed_at) SELECT", StringComparison.Ordinal));
                }

                break;
            case "overlapping cuts":
                await lake.SqlAsync($"UPDATE lake_file SET first_offset = first_offset - 3 WHERE first_offset = {middle.FirstOffset}");
                break;
            case "a reading too few in the totals":
                await lake.SqlAsync("UPDATE pipeline_minute SET normal = normal - 1");
                break;
            case "a dead letter too few":
                await lake.SqlAsync("UPDATE pipeline_minute SET dead_letters = dead_letters - 1");
                break;
            default:
                throw new ArgumentException(damage, nameof(damage));
        }
    }
}

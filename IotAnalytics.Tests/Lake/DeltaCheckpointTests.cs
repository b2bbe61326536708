using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Delta;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Tests.Lake;

public sealed class DeltaCheckpointTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Readers_start_from_the_checkpoint_and_see_the_same()
    {
        await using var lake = await LakeFixture.CreateAsync(new LakeOptions { CheckpointEvery = 4 });
        var data = new LakeTestData(1) { RecordInterval = 1_000_000 };
        var publisher = lake.NewPublisher();
        for (var i = 0; i < 11; i++)
        {
            await lake.CommitCutAsync(data, records: 40);
            await publisher.PublishAsync(Token);
        }

        await using var context = await lake.Contexts.CreateDbContextAsync(Token);
        Assert.Equal(8, (await context.DeltaTables.SingleAsync(t => t.TableName == "silver", Token)).CheckpointVersion);
        Assert.Equal("""{"version":8,"size":""", (await File.ReadAllTextAsync(Path.Combine(lake.Folder(lake.Tables.Silver), "_delta_log/_last_checkpoint"), Token))[..20]);

        // Without the commits below it, only the checkpoint can answer.
        foreach (var table in lake.Tables.InPublicationOrder)
        {
            for (var version = 0; version <= 8; version++)
            {
                await lake.Store.DeleteAsync(DeltaLogKeys.Commit(table, version), Token);
            }
        }

        await DeltaPublisherTests.AssertCompleteAsync(lake, data);
        await lake.CommitCutAsync(data, records: 40);
        await lake.NewPublisher().PublishAsync(Token);
        await DeltaPublisherTests.AssertCompleteAsync(lake, data);
        var schema = (await DeltaRead.TableAsync(lake.Folder(lake.Tables.Gold))).GetProperty("schema");
        Assert.Equal("timestamp", schema.GetProperty("event_time").GetString());
        Assert.Equal("binary", (await DeltaRead.TableAsync(lake.Folder(lake.Tables.Bronze))).GetProperty("schema").GetProperty("value").GetString());
    }

    [Fact]
    public async Task A_checkpoint_that_does_not_read_back_is_not_pointed_to()
    {
        await using var lake = await LakeFixture.CreateAsync(new LakeOptions { CheckpointEvery = 2 });
        var data = new LakeTestData(2);
        var publisher = lake.NewPublisher();
        lake.Store.Corrupt = (key, content) => key.EndsWith(".checkpoint.parquet", StringComparison.Ordinal) ? content[..(content.Length / 2)] : content;
        await publisher.PublishAsync(Token);
        await lake.CommitCutAsync(data);
        await publisher.PublishAsync(Token);
        await lake.CommitCutAsync(data);
        await Assert.ThrowsAnyAsync<Exception>(() => publisher.PublishAsync(Token));

        Assert.DoesNotContain(await lake.KeysAsync(lake.Tables.Silver.LogPrefix), k => k.EndsWith("_last_checkpoint", StringComparison.Ordinal));
        await DeltaPublisherTests.AssertCompleteAsync(lake, data);

        lake.Store.Corrupt = (_, content) => content;
        await lake.CommitCutAsync(data);
        await publisher.PublishAsync(Token);
        Assert.Contains(await lake.KeysAsync(lake.Tables.Silver.LogPrefix), k => k.EndsWith("_last_checkpoint", StringComparison.Ordinal));
        await DeltaPublisherTests.AssertCompleteAsync(lake, data);
    }

    [Fact]
    public async Task Old_commits_go_only_below_a_checkpoint_and_after_30_days()
    {
        await using var lake = await LakeFixture.CreateAsync(new LakeOptions { CheckpointEvery = 3 });
        var data = new LakeTestData(3);
        var publisher = lake.NewPublisher();
        for (var i = 0; i < 5; i++)
        {
            await lake.CommitCutAsync(data);
            await publisher.PublishAsync(Token);
        }

        lake.Time.SetUtcNow(TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(29));
        Assert.Equal(0, await lake.Checkpointer.TrimAsync(lake.Tables.Silver, Token));
        lake.Time.SetUtcNow(TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(31));
        Assert.Equal(3, await lake.Checkpointer.TrimAsync(lake.Tables.Silver, Token));

        var names = (await lake.KeysAsync(lake.Tables.Silver.LogPrefix)).Select(k => k[lake.Tables.Silver.LogPrefix.Length..]);
        Assert.Equal(["00000000000000000003.checkpoint.parquet", "00000000000000000003.json", "00000000000000000004.json", "_last_checkpoint"], names);
        await DeltaPublisherTests.AssertCompleteAsync(lake, data);
    }

    [Fact]
    public async Task Tombstones_and_columns_survive_the_checkpoint()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var snapshot = new DeltaSnapshot { Version = 7, Protocol = (1, 2), MetaData = new DeltaMetaData("id", "{\"type\":\"struct\",\"fields\":[]}", "event_date", 42) };
        snapshot.Apply(new DeltaAdd("event_date=2026-01-01/a.parquet", "2026-01-01", 10, 1, false, null));
        snapshot.Apply(new DeltaAdd("event_date=2026-01-02/b.parquet", "2026-01-02", 11, 2, false, "{\"numRecords\":1}"));
        snapshot.Apply(new DeltaRemove("event_date=2026-01-01/c.parquet", "2026-01-01", 12, 3, false));
        snapshot.Transactions["iot:1:0"] = new DeltaTransaction("iot:1:0", 5, 6);

        var (content, actions) = await DeltaCheckpoint.WriteAsync(snapshot, Token);
        await lake.Store.PutAsync(DeltaLogKeys.Checkpoint(lake.Tables.Silver, 7), content, Token);
        var read = await DeltaCheckpoint.ReadAsync(lake.Store, lake.Tables.Silver, 7, Token);

        Assert.Equal(6, actions);
        Assert.Equal((snapshot.Version, snapshot.Protocol, snapshot.MetaData), (read.Version, read.Protocol, read.MetaData));
        Assert.Equal(snapshot.Adds.Values, read.Adds.Values);
        Assert.Equal(snapshot.Removes.Values, read.Removes.Values);
        Assert.Equal(snapshot.Transactions.Values, read.Transactions.Values);
    }
}

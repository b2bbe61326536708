using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Lake.Delta;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Tests.Lake;

public sealed class DeltaPublisherTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Version_0_is_the_documented_text()
    {
        await using var lake = await LakeFixture.CreateAsync();
        await lake.SqlAsync("INSERT INTO delta_table (table_name, delta_id, version) VALUES ('silver', '4f9b7a0e-1111-2222-3333-444455556666', -1)");
        var data = new LakeTestData(1);
        var cut = await lake.CommitCutAsync(data, records: 3, items: 2, others: false, anomalies: 0);
        var silver = cut.Files.Single(f => f.TableName == "silver");

        await lake.NewPublisher().PublishAsync(Token);

        var lines = (await File.ReadAllTextAsync(Path.Combine(lake.Folder(lake.Tables.Silver), "_delta_log/00000000000000000000.json"), Token)).Split('\n');
        Assert.Equal(
            [
                """{"commitInfo":{"timestamp":1767312000000,"operation":"WRITE","operationParameters":{"mode":"Append","partitionBy":"[\"event_date\"]"},"isBlindAppend":false,"engineInfo":"IotAnalytics"}}""",
                """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""",
                """{"metaData":{"id":"4f9b7a0e-1111-2222-3333-444455556666","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"source_id\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}},{\"name\":\"partition\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}},{\"name\":\"record_offset\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"item\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}},{\"name\":\"sensor_id\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},{\"name\":\"profile\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},{\"name\":\"event_time\",\"type\":\"timestamp\",\"nullable\":true,\"metadata\":{}},{\"name\":\"record_time\",\"type\":\"timestamp\",\"nullable\":true,\"metadata\":{}},{\"name\":\"flags\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}},{\"name\":\"humidity\",\"type\":\"double\",\"nullable\":true,\"metadata\":{}},{\"name\":\"temperature\",\"type\":\"double\",\"nullable\":true,\"metadata\":{}},{\"name\":\"model_version\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},{\"name\":\"anomaly_score\",\"type\":\"double\",\"nullable\":true,\"metadata\":{}},{\"name\":\"event_date\",\"type\":\"date\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":["event_date"],"configuration":{},"createdTime":1767312000000}}""",
                $$$"""{"txn":{"appId":"iot:1:0","version":{{{cut.NextOffset}}},"lastUpdated":1767312000000}}""",
                $$$"""{"add":{"path":"event_date=2025-12-31/1-0-0-{{{cut.NextOffset}}}-1.parquet","partitionValues":{"event_date":"2025-12-31"},"size":{{{silver.ByteCount}}},"modificationTime":1767312000000,"dataChange":true,"stats":{{{JsonSerializer.Serialize(silver.Stats, Relaxed)}}}}}""",
                "",
            ],
            lines);
    }

    [Fact]
    public async Task Empty_tables_can_be_opened_from_the_first_publication_on()
    {
        await using var lake = await LakeFixture.CreateAsync();

        Assert.Equal(3, await lake.NewPublisher().PublishAsync(Token));
        Assert.Equal(0, await lake.NewPublisher().PublishAsync(Token));

        foreach (var table in lake.Tables.InPublicationOrder)
        {
            var read = await DeltaRead.TableAsync(lake.Folder(table));
            Assert.Equal((0, 0), (read.Version(), read.Rows()));
        }
    }

    [Fact]
    public async Task Tables_hold_what_was_committed_as_another_implementation_sees_it()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var publisher = lake.NewPublisher();
        var (first, second) = (new LakeTestData(2) { RecordInterval = 400_000 }, new LakeTestData(3));
        for (var i = 0; i < 4; i++)
        {
            await lake.CommitCutAsync(first, records: 200);
            await lake.CommitCutAsync(second, partition: 1);
            await publisher.PublishAsync(Token);
        }

        var rows = first.Rows.Concat(second.Rows).ToList();
        var silver = await DeltaRead.TableAsync(lake.Folder(lake.Tables.Silver));
        Assert.Equal(rows.Count(r => !r.IsAnomaly), silver.Rows());
        Assert.Equal(3, silver.Version());
        Assert.Equal([1, 2], silver.GetProperty("protocol").EnumerateArray().Select(v => v.GetInt32()));
        foreach (var day in rows.Where(r => !r.IsAnomaly).GroupBy(r => DateTimeOffset.FromUnixTimeMilliseconds(r.EventMs).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)))
        {
            Assert.Equal(day.Count(), silver.GetProperty("partitions").GetProperty(day.Key).GetInt64());
        }

        var range = silver.GetProperty("ranges").GetProperty("temperature");
        Assert.Equal(rows.Where(r => !r.IsAnomaly && !double.IsNaN(r.Temperature)).Min(r => r.Temperature), double.Parse(range[0].GetString()!, CultureInfo.InvariantCulture));
        Assert.Equal(rows.Count(r => r.IsAnomaly), (await DeltaRead.TableAsync(lake.Folder(lake.Tables.Gold))).Rows());
        Assert.Equal(first.Records.Count + second.Records.Count, (await DeltaRead.TableAsync(lake.Folder(lake.Tables.Bronze))).Rows());
        var state = await lake.SnapshotAsync(lake.Tables.Bronze);
        Assert.Equal(first.Records[^1].Offset + 1, state.Transactions["iot:1:0"].Version);
        Assert.Equal(second.Records[^1].Offset + 1, state.Transactions["iot:1:1"].Version);
        await publisher.VerifyNotAheadAsync(Token);
    }

    [Fact]
    public async Task Claims_that_come_together_share_one_look_and_it_begins_after_them()
    {
        await using var lake = await LakeFixture.CreateAsync();
        await lake.CommitCutAsync(new LakeTestData(40));
        var publisher = lake.NewPublisher();
        await publisher.PublishAsync(Token);
        var (questions, begun, goOn) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        lake.Store.BeforeLength = _ =>
        {
            Interlocked.Increment(ref questions);
            begun.TrySetResult();
            return goOn.Task;
        };
        var early = publisher.VerifyVersionsAsync(Token);
        await begun.Task;
        Task[] late = [.. Enumerable.Range(0, 12).Select(_ => publisher.VerifyVersionsAsync(Token))];
        // The database that is behind: somebody else has published a version of bronze that it does not know.
        await File.WriteAllTextAsync(lake.DataDirectory.Combine("lake/" + DeltaLogKeys.Commit(lake.Tables.Bronze, 1)), "{}", Token);
        goOn.SetResult();

        foreach (var claim in late)
        {
            await Assert.ThrowsAsync<LakeAheadException>(() => claim);
        }

        await Assert.ThrowsAsync<LakeAheadException>(() => early);
        Assert.Equal(6, questions);
        await Assert.ThrowsAsync<LakeAheadException>(() => publisher.VerifyVersionsAsync(Token));
        Assert.Equal(9, questions);
    }

    [Fact]
    public async Task A_crash_between_commit_and_put_is_finished_with_the_same_bytes()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(4);
        await lake.CommitCutAsync(data);
        lake.Store.FailBeforePut = key => key.EndsWith("00.json", StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => lake.NewPublisher().PublishAsync(Token));
        await using var context = await lake.Contexts.CreateDbContextAsync(Token);
        var frozen = Assert.Single(await context.DeltaCommits.ToListAsync(Token));
        Assert.Null(frozen.PublishedAt);
        await lake.CommitCutAsync(data);
        lake.Time.Advance(TimeSpan.FromHours(1));
        lake.Store.FailBeforePut = _ => false;

        await lake.NewPublisher().PublishAsync(Token);

        Assert.Equal(frozen.Body, await File.ReadAllTextAsync(lake.DataDirectory.Combine("lake/" + DeltaLogKeys.Commit(lake.Tables.Gold, 0)), Token));
        await AssertCompleteAsync(lake, data);
    }

    [Fact]
    public async Task A_crash_after_the_put_leaves_nothing_to_repair()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(5);
        await lake.CommitCutAsync(data);
        lake.Store.FailAfterPut = key => key.EndsWith("00.json", StringComparison.Ordinal);
        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<IOException>(() => lake.NewPublisher().PublishAsync(Token));
        }

        lake.Store.FailAfterPut = _ => false;
        await lake.CommitCutAsync(data);
        await lake.NewPublisher().PublishAsync(Token);

        await AssertCompleteAsync(lake, data);
        Assert.Equal(lake.Store.Puts.Count, lake.Store.Puts.Distinct().Count());
    }

    [Fact]
    public async Task Random_failures_of_the_store_lose_and_double_nothing()
    {
        await using var lake = await LakeFixture.CreateAsync(new Core.Lake.LakeOptions { CheckpointEvery = 3 });
        var (data, random) = (new LakeTestData(6), new Random(6));
        var publisher = lake.NewPublisher();
        for (var i = 0; i < 40; i++)
        {
            lake.Store.FailBeforePut = _ => random.Next(4) == 0;
            lake.Store.FailAfterPut = _ => random.Next(4) == 0;
            try
            {
                await publisher.PublishAsync(Token);
            }
            catch (IOException)
            {
                // As a new process.
                publisher = random.Next(2) == 0 ? publisher : lake.NewPublisher();
            }

            lake.Store.FailBeforePut = lake.Store.FailAfterPut = _ => false;
            await lake.CommitCutAsync(data, records: 5);
        }

        await lake.NewPublisher().PublishAsync(Token);
        await AssertCompleteAsync(lake, data);
    }

    [Fact]
    public async Task A_foreign_version_stops_the_table_and_is_not_overwritten()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(7);
        var publisher = lake.NewPublisher();
        await publisher.PublishAsync(Token);
        var key = DeltaLogKeys.Commit(lake.Tables.Silver, 1);
        await lake.Store.PutAsync(key, "{}\n"u8.ToArray(), Token);
        await lake.CommitCutAsync(data);

        await publisher.PublishAsync(Token);
        await lake.CommitCutAsync(data);
        await publisher.PublishAsync(Token);

        Assert.Contains(key, publisher.Stopped["silver"], StringComparison.Ordinal);
        Assert.Equal("{}\n", await File.ReadAllTextAsync(lake.DataDirectory.Combine("lake/" + key), Token));
        Assert.Equal(2, (await lake.SnapshotAsync(lake.Tables.Bronze)).Version);
        Assert.False(File.Exists(lake.DataDirectory.Combine("lake/" + DeltaLogKeys.Commit(lake.Tables.Silver, 2))));
    }

    [Fact]
    public async Task A_log_that_lost_a_version_stops_the_table()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(12);
        for (var i = 0; i < 3; i++)
        {
            await lake.CommitCutAsync(data);
            await lake.NewPublisher().PublishAsync(Token);
        }

        var lost = DeltaLogKeys.Commit(lake.Tables.Silver, 1);
        await lake.Store.DeleteAsync(lost, Token);
        await lake.CommitCutAsync(data);
        var publisher = lake.NewPublisher();
        await publisher.PublishAsync(Token);

        Assert.Contains(lost, publisher.Stopped["silver"], StringComparison.Ordinal);
        Assert.Equal(3, (await lake.SnapshotAsync(lake.Tables.Bronze)).Version);
    }

    [Fact]
    public async Task A_refused_lake_is_not_written_to_at_stop()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(13);
        await lake.CommitCutAsync(data);
        await lake.NewPublisher().PublishAsync(Token);
        await lake.CommitCutAsync(data);
        await lake.SqlAsync("UPDATE stream_partition SET lake_offset = 1");
        using var service = new DeltaPublishService(
            lake.NewPublisher(), lake.Roles, lake.Spool, lake.Configured, lake.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<DeltaPublishService>.Instance);

        await Assert.ThrowsAsync<LakeAheadException>(() => service.StartAsync(Token));
        await service.StopAsync(Token);

        Assert.Equal(0, (await lake.SnapshotAsync(lake.Tables.Bronze)).Version);
    }

    [Fact]
    public async Task The_service_publishes_at_its_interval_and_once_more_at_stop()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(14);
        var published = new SemaphoreSlim(0);
        lake.Store.FailAfterPut = key =>
        {
            if (key.Contains("bronze/sensor-readings/_delta_log", StringComparison.Ordinal))
            {
                published.Release();
            }

            return false;
        };
        using var service = new DeltaPublishService(
            lake.NewPublisher(), lake.Roles, lake.Spool, lake.Configured, lake.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<DeltaPublishService>.Instance);
        await service.StartAsync(Token);
        Assert.True(await published.WaitAsync(TimeSpan.FromSeconds(30), Token));
        await lake.CommitCutAsync(data);

        // The first publication may still be on its way to the timer.
        while (!await published.WaitAsync(TimeSpan.FromMilliseconds(20), Token))
        {
            lake.Time.Advance(lake.Options.PublishInterval);
        }

        await lake.CommitCutAsync(data);
        await service.StopAsync(Token);

        Assert.Equal(data.Records.Count, (await lake.SnapshotAsync(lake.Tables.Bronze)).Adds.Values.Sum(a => System.Text.Json.JsonDocument.Parse(a.Stats!).RootElement.GetProperty("numRecords").GetInt32()));
    }

    [Fact]
    public async Task Two_publishers_at_once_make_one_history()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(8);
        for (var i = 0; i < 10; i++)
        {
            await lake.CommitCutAsync(data, records: 5);
            await Task.WhenAll(lake.NewPublisher().PublishAsync(Token), lake.NewPublisher().PublishAsync(Token), lake.NewPublisher().PublishAsync(Token));
        }

        await AssertCompleteAsync(lake, data);
    }

    [Fact]
    public async Task A_new_measurement_becomes_a_column_and_old_rows_have_NULL()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(9);
        await lake.CommitCutAsync(data);
        await lake.NewPublisher().PublishAsync(Token);
        var wider = LakeTestData.MakeCatalog("humidity", "pressure", "temperature");

        await lake.NewPublisher(wider).PublishAsync(Token);
        await lake.CommitCutAsync(data);
        await lake.NewPublisher(wider).PublishAsync(Token);
        // The measurement was taken out of the configuration again: the column stays.
        await lake.NewPublisher().PublishAsync(Token);

        var silver = await DeltaRead.TableAsync(lake.Folder(lake.Tables.Silver));
        Assert.Equal("double", silver.GetProperty("schema").GetProperty("pressure").GetString());
        Assert.Equal(data.Rows.Count(r => !r.IsAnomaly), silver.Rows());
        Assert.Equal(2, silver.Version());
        Assert.Equal(["humidity", "temperature", "pressure"], (await lake.SnapshotAsync(lake.Tables.Silver)).Measurements);
    }

    [Fact]
    public async Task Bronze_says_how_far_all_tables_are_complete()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(10);
        await lake.CommitCutAsync(data, anomalies: 1);
        var withGold = data.Records[^1].Offset + 1;
        await lake.NewPublisher().PublishAsync(Token);
        await lake.CommitCutAsync(data, anomalies: 0);
        await lake.NewPublisher().PublishAsync(Token);

        Assert.Equal(data.Records[^1].Offset + 1, (await lake.SnapshotAsync(lake.Tables.Bronze)).Transactions["iot:1:0"].Version);
        Assert.Equal(withGold, (await lake.SnapshotAsync(lake.Tables.Gold)).Transactions["iot:1:0"].Version);
    }

    [Fact]
    public async Task More_files_than_fit_are_published_cut_by_cut()
    {
        await using var lake = await LakeFixture.CreateAsync();
        await lake.SqlAsync("""
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2399)
            INSERT INTO lake_file (object_key, table_name, source_id, partition, first_offset, next_offset, owner_epoch, partition_date, row_count, byte_count, sha256, stats)
            SELECT 'silver/normal-readings/event_date=2026-01-0' || (i % 7 + 1) || '/1-0-' || (i / 7) || '-' || (i / 7 + 1) || '-1.parquet', 'silver', 1, 0, i / 7, i / 7 + 1, 1,
              '2026-01-0' || (i % 7 + 1), 1, 1, '', '{"numRecords":1,"nullCount":{}}' FROM n
            """);
        await lake.SqlAsync("INSERT INTO stream_partition (source_id, partition, owner_epoch, fast_offset, rollup_offset, lake_offset) VALUES (1, 0, 1, 400, 400, 400)");

        await lake.NewPublisher().PublishAsync(Token);

        var state = await lake.SnapshotAsync(lake.Tables.Silver);
        Assert.Equal(2400, state.Adds.Count);
        Assert.Equal(2, state.Version);
        Assert.Equal(400, state.Transactions["iot:1:0"].Version);
        var first = new DeltaSnapshot();
        first.Apply(0, (await new DeltaLog(lake.Store).ReadTextAsync(DeltaLogKeys.Commit(lake.Tables.Silver, 0), Token))!);
        Assert.Equal(142 * 7, first.Adds.Count);
        Assert.Equal(142, first.Transactions["iot:1:0"].Version);
    }

    [Fact]
    public async Task A_lake_ahead_of_the_database_is_refused()
    {
        await using var lake = await LakeFixture.CreateAsync();
        var data = new LakeTestData(11);
        await lake.CommitCutAsync(data);
        await lake.NewPublisher().PublishAsync(Token);
        await lake.NewPublisher().VerifyNotAheadAsync(Token);

        await lake.SqlAsync("UPDATE stream_partition SET lake_offset = 1");
        var behind = await Assert.ThrowsAsync<LakeAheadException>(() => lake.NewPublisher().VerifyNotAheadAsync(Token));
        await lake.SqlAsync("DELETE FROM delta_table");
        var unknown = await Assert.ThrowsAsync<LakeAheadException>(() => lake.NewPublisher().VerifyNotAheadAsync(Token));

        Assert.Contains("partition 0", behind.Message, StringComparison.Ordinal);
        Assert.Contains("lake reconcile", behind.Message, StringComparison.Ordinal);
        Assert.Contains("_delta_log/00000000000000000000.json", unknown.Message, StringComparison.Ordinal);
    }

    internal static async Task AssertCompleteAsync(LakeFixture lake, LakeTestData data)
    {
        foreach (var table in lake.Tables.InPublicationOrder)
        {
            var state = await lake.SnapshotAsync(table);
            await using var context = await lake.Contexts.CreateDbContextAsync(Token);
            var files = await context.LakeFiles.Where(f => f.TableName == table.Name && f.RemovedVersion == null).ToListAsync(Token);
            Assert.Equal(files.Select(f => table.RelativePath(f.ObjectKey)).Order(StringComparer.Ordinal), state.Adds.Keys.Order(StringComparer.Ordinal));
            Assert.All(files, f => Assert.NotNull(f.AddedVersion));
            Assert.All(await context.DeltaCommits.ToListAsync(Token), c => Assert.NotNull(c.PublishedAt));
        }

        var (silver, gold, bronze) = (
            await DeltaRead.TableAsync(lake.Folder(lake.Tables.Silver)), await DeltaRead.TableAsync(lake.Folder(lake.Tables.Gold)), await DeltaRead.TableAsync(lake.Folder(lake.Tables.Bronze)));
        Assert.Equal(
            (data.Rows.Count(r => !r.IsAnomaly), data.Rows.Count(r => r.IsAnomaly), data.Records.Count), (silver.Rows(), gold.Rows(), bronze.Rows()));
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Stores;

namespace IotAnalytics.Tests.Lake;

public sealed class LakeCutTests : IDisposable
{
    private static readonly string[] ReadingStatistics =
        ["source_id", "\"partition\"", "record_offset", "item", "sensor_id", "event_time", "record_time", "flags", "temperature", "humidity", "anomaly_score"];

    private readonly TemporaryFolder _folder = new();
    private readonly LakeSpool _spool;
    private readonly FileSystemLakeStore _store;

    public LakeCutTests()
    {
        _spool = new LakeSpool(_folder.Combine("spool"), long.MaxValue);
        _store = new FileSystemLakeStore(_folder.Combine("lake"));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1, 2)]
    [InlineData(2, 40, 10)]
    [InlineData(3, 3000, 20)]
    [InlineData(4, 20000, 10)]
    public async Task Every_row_arrives_once_and_DuckDB_reads_it(int seed, int records, int items)
    {
        var data = new LakeTestData(seed);
        await CutAsync(data, batches: 3, records, items);
        using var duck = new Duck();

        var silver = duck.Rows(Select("silver/normal-readings"));
        var gold = data.Rows.Exists(r => r.IsAnomaly) ? duck.Rows(Select("gold/anomalies")) : [];
        AssertRows(data.Rows.Where(r => !r.IsAnomaly), silver);
        AssertRows(data.Rows.Where(r => r.IsAnomaly), gold);
        var bronze = duck.Rows($"SELECT record_offset, epoch_ms(record_time), value, item_count FROM read_parquet('{_folder.Path}/lake/bronze/sensor-readings/*/*.parquet') ORDER BY 1");
        Assert.Equal(data.Records.Count, bronze.Count);
        foreach (var (expected, row) in data.Records.Zip(bronze))
        {
            Assert.Equal((expected.Offset, expected.RecordTimeMs, expected.Items), ((long)row[0]!, (long)row[1]!, (int)row[3]!));
            Assert.True(expected.Value.AsSpan().SequenceEqual((byte[])row[2]!));
        }

        Assert.Equal(data.Records.Sum(r => r.Items), silver.Count + gold.Count + data.DeadLetters + data.Duplicates);
    }

    [Fact]
    public async Task Columns_have_the_promised_types_and_missing_values_are_NULL()
    {
        var data = new LakeTestData(5);
        await CutAsync(data, batches: 1, records: 500, items: 10);
        using var duck = new Duck();

        var silver = duck.Types($"{_folder.Path}/lake/silver/normal-readings/*/*.parquet");
        Assert.Equal(
            [
                "source_id INTEGER", "partition INTEGER", "record_offset BIGINT", "item INTEGER", "sensor_id VARCHAR", "profile VARCHAR",
                "event_time TIMESTAMP WITH TIME ZONE", "record_time TIMESTAMP WITH TIME ZONE", "flags INTEGER", "humidity DOUBLE", "temperature DOUBLE",
                "model_version VARCHAR", "anomaly_score DOUBLE",
            ],
            silver.Select(c => $"{c.Key} {c.Value}"));
        Assert.Equal(
            ["threshold DOUBLE", "rarity DOUBLE", "severity VARCHAR", "top_measurement VARCHAR", "explanation VARCHAR"],
            duck.Types($"{_folder.Path}/lake/gold/anomalies/*/*.parquet").Select(c => $"{c.Key} {c.Value}").Skip(13));
        Assert.Equal(
            [
                "source_id INTEGER", "partition INTEGER", "record_offset BIGINT", "record_time TIMESTAMP WITH TIME ZONE", "record_key BLOB",
                "headers VARCHAR", "item_count INTEGER", "value BLOB",
            ],
            duck.Types($"{_folder.Path}/lake/bronze/sensor-readings/*/*.parquet").Select(c => $"{c.Key} {c.Value}"));

        var all = $"read_parquet('{_folder.Path}/lake/silver/normal-readings/*/*.parquet')";
        Assert.Equal(data.Rows.Count(r => !r.IsAnomaly && double.IsNaN(r.Temperature)), duck.Long($"SELECT count(*) FROM {all} WHERE temperature IS NULL"));
        Assert.Equal(0, duck.Long($"SELECT count(*) FROM {all} WHERE isnan(temperature) OR isnan(humidity) OR isnan(anomaly_score)"));
        Assert.Equal(0, duck.Long($"SELECT count(*) FROM {all} WHERE (anomaly_score IS NULL) <> (model_version IS NULL)"));
        Assert.Equal(data.Records.Count - ((data.Records.Count + 2) / 3), duck.Long($"SELECT count(*) FROM read_parquet('{_folder.Path}/lake/bronze/sensor-readings/*/*.parquet') WHERE record_key IS NULL"));
        var text = Assert.IsType<string>(duck.Rows($"SELECT explanation FROM read_parquet('{_folder.Path}/lake/gold/anomalies/*/*.parquet') LIMIT 1")[0][0]);
        Assert.Equal("ä", JsonDocument.Parse(text).RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Footer_statistics_lose_no_row_when_a_reader_prunes()
    {
        var data = new LakeTestData(6) { RecordInterval = 700_000 };
        var files = await CutAsync(data, batches: 4, records: 100, items: 10);
        using var duck = new Duck();
        foreach (var file in files)
        {
            var path = _folder.Combine("lake/" + file.ObjectKey);
            duck.AssertPruningLosesNothing(path, file.TableName == "bronze" ? ["record_offset", "record_time", "item_count"] : ReadingStatistics);
        }

        // More than one row group, so that there is something to skip.
        var large = new LakeTestData(7, firstOffset: data.Records[^1].Offset + 10);
        var largest = (await CutAsync(large, batches: 2, records: 8000, items: 20)).MaxBy(f => f.TableName == "silver" ? f.RowCount : 0)!;
        Assert.True(duck.Long($"SELECT count(DISTINCT row_group_id) FROM parquet_metadata('{_folder.Combine("lake/" + largest.ObjectKey)}')") > 1);
        duck.AssertPruningLosesNothing(_folder.Combine("lake/" + largest.ObjectKey), ReadingStatistics);
    }

    [Fact]
    public async Task Delta_statistics_are_the_exact_bounds()
    {
        var data = new LakeTestData(8) { RecordInterval = 500_000 };
        var files = await CutAsync(data, batches: 3, records: 300, items: 5);
        using var duck = new Duck();
        Assert.Contains(files, f => f.TableName == "gold");
        foreach (var file in files)
        {
            var table = $"read_parquet('{_folder.Combine("lake/" + file.ObjectKey)}', hive_partitioning=false)";
            using var stats = JsonDocument.Parse(file.Stats!);
            Assert.Equal(file.RowCount, stats.RootElement.GetProperty("numRecords").GetInt64());
            Assert.Equal(file.RowCount, duck.Long($"SELECT count(*) FROM {table}"));
            foreach (var nulls in stats.RootElement.GetProperty("nullCount").EnumerateObject())
            {
                Assert.Equal(nulls.Value.GetInt64(), duck.Long($"SELECT count(*) FROM {table} WHERE \"{nulls.Name}\" IS NULL"));
            }

            foreach (var (side, aggregate) in new[] { ("minValues", "min"), ("maxValues", "max") })
            {
                foreach (var bound in stats.RootElement.GetProperty(side).EnumerateObject())
                {
                    var actual = duck.Rows($"SELECT {aggregate}(\"{bound.Name}\") FROM {table}")[0][0];
                    switch (bound.Value.ValueKind)
                    {
                        case JsonValueKind.String when actual is DateTime time:
                            Assert.Equal(bound.Value.GetString(), time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
                            break;
                        case JsonValueKind.String:
                            Assert.Equal(bound.Value.GetString(), actual);
                            break;
                        default:
                            Assert.Equal(bound.Value.GetDouble(), Convert.ToDouble(actual, CultureInfo.InvariantCulture));
                            break;
                    }
                }
            }
        }
    }

    [Fact]
    public async Task Files_are_named_by_owner_and_range_and_their_hash_is_of_the_bytes()
    {
        var data = new LakeTestData(9, firstOffset: 1000);
        var files = await CutAsync(data, batches: 1, records: 20, items: 5, firstOffset: 990);

        Assert.Equal(["bronze", "gold", "silver"], files.Select(f => f.TableName).Distinct());
        var next = data.Records[^1].Offset + 1;
        Assert.Contains(files, f => f.ObjectKey == $"silver/normal-readings/event_date=2026-01-01/7-2-990-{next}-3.parquet");
        Assert.Contains(files, f => f.ObjectKey == $"bronze/sensor-readings/ingest_date=2026-01-01/7-2-990-{next}-3.parquet");
        foreach (var file in files)
        {
            var bytes = await File.ReadAllBytesAsync(_folder.Combine("lake/" + file.ObjectKey), Token);
            Assert.Equal(file.ByteCount, bytes.Length);
            Assert.Equal(file.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }

        Assert.Equal(0, _spool.Bytes);
        Assert.Empty(Directory.GetFiles(_folder.Combine("spool")));
    }

    [Fact]
    public async Task The_same_rows_give_the_same_bytes()
    {
        var first = await CutAsync(new LakeTestData(10), batches: 2, records: 200, items: 10);
        Directory.Move(_folder.Combine("lake"), _folder.Combine("first"));
        var second = await CutAsync(new LakeTestData(10), batches: 2, records: 200, items: 10);

        Assert.Equal(first.Select(f => (f.ObjectKey, f.Sha256, f.Stats)), second.Select(f => (f.ObjectKey, f.Sha256, f.Stats)));
    }

    [Fact]
    public async Task An_abandoned_cut_leaves_nothing_behind()
    {
        var data = new LakeTestData(11);
        await using (var cut = new LakeCut(Context(data), 0))
        {
            await cut.AddAsync(data.NextBatch(8000, 20), data.Sensors, data.Models, Token);
            Assert.True(cut.Rows > 70_000);
        }

        Assert.Equal(0, _spool.Bytes);
        Assert.Empty(Directory.Exists(_folder.Combine("spool")) ? Directory.GetFiles(_folder.Combine("spool")) : []);

        await using var sealedToo = new LakeCut(Context(data), 0);
        await sealedToo.AddAsync(data.NextBatch(10), data.Sensors, data.Models, Token);
        var done = await sealedToo.SealAsync(Token);
        Assert.True(_spool.Bytes > 0);
        done.Dispose();
        Assert.Equal(0, _spool.Bytes);
        Assert.Empty(Directory.GetFiles(_folder.Combine("spool")));
    }

    [Fact]
    public async Task An_upload_that_failed_goes_on_where_it_was()
    {
        var data = new LakeTestData(12);
        await using var cut = new LakeCut(Context(data), 0);
        await cut.AddAsync(data.NextBatch(50), data.Sensors, data.Models, Token);
        using var done = await cut.SealAsync(Token);
        var blocked = _folder.Combine("lake/silver");
        Directory.CreateDirectory(_folder.Combine("lake"));
        await File.WriteAllTextAsync(blocked, "in the way", Token);

        await Assert.ThrowsAnyAsync<IOException>(() => done.UploadAsync(_store, Token));
        File.Delete(blocked);
        await done.UploadAsync(_store, Token);

        Assert.All(done.Files, f => Assert.True(File.Exists(_folder.Combine("lake/" + f.ObjectKey))));
        Assert.Equal(0, _spool.Bytes);
    }

    [Fact]
    public async Task A_disk_that_refuses_surfaces_when_the_cut_is_sealed()
    {
        var data = new LakeTestData(13);
        await File.WriteAllTextAsync(_folder.Combine("file"), "", Token);
        var context = new LakeCutContext(7, 2, 3, data.Catalog, new LakeOptions(), new LakeSpool(_folder.Combine("spool2"), long.MaxValue), new LakeEncoders(), 64 << 20);
        await using var cut = new LakeCut(context, 0);
        await cut.AddAsync(data.NextBatch(50), data.Sensors, data.Models, Token);
        Directory.Delete(_folder.Combine("spool2"), recursive: true);

        await Assert.ThrowsAnyAsync<IOException>(() => cut.SealAsync(Token));
    }

    [Fact]
    public async Task Buffers_are_handed_over_before_they_exceed_the_budget()
    {
        var data = new LakeTestData(14);
        var context = new LakeCutContext(7, 2, 3, data.Catalog, new LakeOptions(), _spool, new LakeEncoders(), maxBufferedBytes: 100_000);
        await using var cut = new LakeCut(context, 0);
        for (var i = 0; i < 20; i++)
        {
            await cut.AddAsync(data.NextBatch(100, 20), data.Sensors, data.Models, Token);
        }

        using var done = await cut.SealAsync(Token);
        await done.UploadAsync(_store, Token);
        using var duck = new Duck();
        AssertRows(data.Rows.Where(r => !r.IsAnomaly), duck.Rows(Select("silver/normal-readings")));
        Assert.True(duck.Long($"SELECT count(DISTINCT row_group_id) FROM parquet_metadata('{_folder.Path}/lake/silver/normal-readings/*/*.parquet')") > 5);
    }

    [Fact]
    public async Task A_record_without_a_time_is_kept()
    {
        var data = new LakeTestData(16);
        var batch = data.NextBatch(1, 1, others: 0);
        batch.Records.Clear();
        "x"u8.CopyTo(batch.Records.Add(5, IotAnalytics.Core.CommitLog.LogRecordInfo.NoTime, 1, default, null));
        batch.RowCount = 0;
        batch.Anomalies.Clear();
        batch.DeadLetters.Add(new IotAnalytics.Core.Readings.DeadLetter(0, 0, "missing_record_time", "", "", 0, 0));
        await using var cut = new LakeCut(Context(data), 5);
        await cut.AddAsync(batch, data.Sensors, data.Models, Token);
        using var done = await cut.SealAsync(Token);
        await done.UploadAsync(_store, Token);

        using var duck = new Duck();
        var row = Assert.Single(duck.Rows($"SELECT record_time, item_count FROM read_parquet('{_folder.Path}/lake/bronze/sensor-readings/ingest_date=1970-01-01/*.parquet')"));
        Assert.Null(row[0]);
        Assert.Equal(1, row[1]);
    }

    private LakeCutContext Context(LakeTestData data) => new(7, 2, 3, data.Catalog, new LakeOptions(), _spool, new LakeEncoders(), 64 << 20);

    private async Task<IReadOnlyList<IotAnalytics.Core.Persistence.LakeFile>> CutAsync(LakeTestData data, int batches, int records, int items, long firstOffset = 0)
    {
        await using var cut = new LakeCut(Context(data), firstOffset);
        for (var i = 0; i < batches; i++)
        {
            await cut.AddAsync(data.NextBatch(records, items), data.Sensors, data.Models, Token);
        }

        using var done = await cut.SealAsync(Token);
        await done.UploadAsync(_store, Token);
        return done.Files;
    }

    private string Select(string table) => $"""
        SELECT record_offset, item, sensor_id, epoch_ms(event_time), epoch_ms(record_time), flags, humidity, temperature, anomaly_score
        FROM read_parquet('{_folder.Path}/lake/{table}/*/*.parquet')
        WHERE source_id = 7 AND "partition" = 2 AND profile = 'climate' AND strftime(event_time, '%Y-%m-%d') = CAST(event_date AS VARCHAR)
        ORDER BY 1, 2
        """;

    private static void AssertRows(IEnumerable<ExpectedRow> expected, List<object?[]> actual)
    {
        static object? Nullable(double value) => double.IsNaN(value) ? null : value + 0.0;
        var wanted = expected.OrderBy(r => r.Offset).ThenBy(r => r.Item).ToList();
        Assert.Equal(wanted.Count, actual.Count);
        for (var i = 0; i < wanted.Count; i++)
        {
            var e = wanted[i];
            Assert.Equal(
                [e.Offset, e.Item, e.SensorId, e.EventMs, e.RecordMs, e.Flags, Nullable(e.Humidity), Nullable(e.Temperature), Nullable(e.Score)],
                actual[i]);
        }
    }
}

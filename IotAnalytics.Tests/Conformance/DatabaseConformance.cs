using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Tests.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.Conformance;

/// <summary>What the pipeline relies on in its database; every provider must pass.</summary>
public abstract class DatabaseConformance : IAsyncLifetime
{
    private const long Day = 86_400_000;
    private readonly ProfileCatalog _catalog = new([ClimateProfile.Default]);
    private TestDatabase _database = null!;
    private PartitionStore _store = null!;

    private protected TestDatabase Database => _database;

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A new, empty database.</summary>
    private protected abstract Task<TestDatabase> CreateAsync();

    public async ValueTask InitializeAsync()
    {
        _database = await CreateAsync();
        await _database.MigrateAsync();
        _store = new PartitionStore(_database.Writer, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task The_schema_is_what_the_model_expects_and_a_second_start_changes_nothing()
    {
        await _database.MigrateAsync();

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        Assert.False(context.Database.HasPendingModelChanges());
        Assert.Empty(await context.Database.GetPendingMigrationsAsync(Token));
    }

    [Fact]
    public async Task A_new_claim_fences_the_old_one()
    {
        var old = await ClaimAsync();
        var claim = await ClaimAsync();

        Assert.Equal(old.OwnerEpoch + 1, claim.OwnerEpoch);
        await Assert.ThrowsAsync<FencedException>(() => AdvanceAsync(old, DatabaseSink.Fast, 0, 10));
        await AdvanceAsync(claim, DatabaseSink.Fast, 0, 10);
        await Assert.ThrowsAsync<FencedException>(() => _store.ReadOffsetsAsync(old, Token));
    }

    [Fact]
    public async Task Claims_made_at_once_get_epochs_of_their_own()
    {
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClaimAsync()));

        Assert.Equal(Enumerable.Range(1, 8).Select(e => (long)e), claims.Select(c => c.OwnerEpoch).Order());
    }

    [Fact]
    public async Task An_offset_moves_only_from_where_it_stands_and_never_past_the_sink_before_it()
    {
        var claim = await ClaimAsync();
        await AdvanceAsync(claim, DatabaseSink.Fast, 0, 10);

        await Assert.ThrowsAsync<FencedException>(() => AdvanceAsync(claim, DatabaseSink.Fast, 0, 20));
        await Assert.ThrowsAsync<FencedException>(() => AdvanceAsync(claim, DatabaseSink.Rollup, 0, 11));
        await AdvanceAsync(claim, DatabaseSink.Rollup, 0, 10);
        await Assert.ThrowsAsync<FencedException>(() => AdvanceLakeAsync(claim, 0, 11));
        await AdvanceLakeAsync(claim, 0, 10);

        Assert.Equal(new PartitionOffsets(10, 10, 10), await _store.ReadOffsetsAsync(claim, Token));
        var next = await ClaimAsync();
        Assert.Equal(("state", "hash"), (next.StateObject, next.StateSha256));
    }

    [Fact]
    public async Task Records_that_the_log_forgot_are_recorded_and_skipped()
    {
        var claim = await ClaimAsync();
        await AdvanceAsync(claim, DatabaseSink.Fast, 0, 30);

        await _store.SkipLostAsync(claim, 20, Token);

        Assert.Equal(new PartitionOffsets(30, 20, 20), await _store.ReadOffsetsAsync(claim, Token));
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        var lost = await context.LostRanges.SingleAsync(Token);
        Assert.Equal((0L, 20L), (lost.FirstOffset, lost.NextOffset));
        Assert.InRange(lost.SeenAt, DateTime.UnixEpoch.AddYears(50), DateTime.UnixEpoch.AddYears(300));
    }

    [Fact]
    public async Task A_transaction_that_throws_leaves_nothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _database.Writer.WriteAsync(
            transaction =>
            {
                transaction.Execute("INSERT INTO model (name, created_at) VALUES ('m', @now)", ("@now", new DbTime(1_000)));
                throw new InvalidOperationException();
            },
            Token));

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        Assert.Empty(await context.Models.ToListAsync(Token));
    }

    [Fact]
    public async Task A_sensor_has_one_key_however_often_and_by_whom_it_is_asked_for()
    {
        var (first, second) = (Sensors("b", "a", "c"), Sensors("c", "d", "a"));
        var keys = new SensorKeys(_database.Writer, TimeProvider.System);

        await Task.WhenAll(keys.AssignAsync(first, 0, _catalog, Token), keys.AssignAsync(second, 0, _catalog, Token));
        await keys.AssignAsync(Sensors("a", "e"), 0, _catalog, Token);

        Assert.Equal(first.KeyOf(1), second.KeyOf(2));
        Assert.Equal(first.KeyOf(2), second.KeyOf(0));
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        Assert.Equal(["a", "b", "c", "d", "e"], await context.Sensors.OrderBy(s => s.SensorId).Select(s => s.SensorId).ToListAsync(Token));
    }

    [Fact]
    public async Task Identifiers_sort_by_their_bytes()
    {
        await new SensorKeys(_database.Writer, TimeProvider.System).AssignAsync(Sensors("b", "B", "a-1", "a1", "A"), 0, _catalog, Token);

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        Assert.Equal(["A", "B", "a-1", "a1", "b"], await context.Sensors.OrderBy(s => s.SensorId).Select(s => s.SensorId).ToListAsync(Token));
        Assert.Equal(["a1", "b"], await context.Sensors.Where(s => string.Compare(s.SensorId, "a-1") > 0).OrderBy(s => s.SensorId).Select(s => s.SensorId).ToListAsync(Token));
    }

    [Fact]
    public async Task What_T1_writes_is_read_back_as_it_was()
    {
        var claim = await ClaimAsync();
        var batches = new TestBatches(_catalog);
        var batch = batches.Validate(
            0.75, TestBatches.Reading("s", 1, "\"temperature\":90.5,\"humidity\":5"), TestBatches.Reading("s", 2, "\"temperature\":20,\"humidity\":50"), "{\"sensor_id\":\"ü\\u0000\"}");
        batch.Outcome[0] = RowOutcome.Anomaly;
        batch.Anomalies.Add(new AnomalyDetail(0, 0.6, 0.001, "high", "temperature", """{"contributions":[{"measurement":"temperature","value":90.5}]}""", "1", "IsolationForest", "2", true));
        batch.Paired.Add(new PairedMinute(0, 29_453_760, "1", "2") { Both = 1, ChampionOnly = 2, ShadowOnly = 3, Neither = 4, ChampionNanoseconds = 5, ShadowNanoseconds = 6 });
        await new SensorKeys(_database.Writer, TimeProvider.System).AssignAsync(batches.Sensors, 0, _catalog, Token);
        var window = new FastWindow(_catalog, deadLettersPerMinute: 100);
        window.Add(batch, batches.Sensors);

        await _database.Writer.WriteAsync(transaction => window.Write(transaction, claim, 1_767_225_600_123), Token);

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        var anomaly = await context.Anomalies.SingleAsync(Token);
        Assert.Equal((claim.SourceId, 0, 0L, 0, batches.Sensors.KeyOf(0)), (anomaly.SourceId, anomaly.Partition, anomaly.RecordOffset, anomaly.Item, anomaly.SensorKey));
        Assert.Equal(TestBatches.Start.UtcDateTime.AddSeconds(1), anomaly.EventTime);
        Assert.Equal(TestBatches.Start.UtcDateTime, anomaly.RecordTime);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_767_225_600_123).UtcDateTime, anomaly.DetectedAt);
        Assert.Equal((0.75, 0.6, 0.001, "high", "temperature"), (anomaly.AnomalyScore, anomaly.Threshold, anomaly.Rarity, anomaly.Severity, anomaly.TopMeasurement));
        Assert.Equal(90.5, System.Text.Json.JsonDocument.Parse(anomaly.Measurements).RootElement.GetProperty("temperature").GetDouble());
        Assert.Equal("temperature", System.Text.Json.JsonDocument.Parse(anomaly.Explanation).RootElement.GetProperty("contributions")[0].GetProperty("measurement").GetString());
        Assert.Null(anomaly.Verdict);
        Assert.Equal(("2", true), (anomaly.OtherVersion, anomaly.IsOtherAnomaly));
        var letter = await context.DeadLetters.SingleAsync(Token);
        Assert.Equal((2L, 0), (letter.RecordOffset, letter.Item));
        await _database.Writer.WriteAsync(transaction => window.Shadows.Write(transaction, claim.SourceId, claim.Partition, _catalog), Token);
        var minute = await context.ShadowMinutes.SingleAsync(Token);
        Assert.Equal(("climate", TestBatches.Start.UtcDateTime, claim.SourceId, 0, "1", "2"), (minute.Profile, minute.BucketStart, minute.SourceId, minute.Partition, minute.ChampionVersion, minute.ShadowVersion));
        Assert.Equal((2L, 4L, 6L, 8L, 10L, 12L), (minute.Both, minute.ChampionOnly, minute.ShadowOnly, minute.Neither, minute.ChampionNanoseconds, minute.ShadowNanoseconds));
        Assert.Equal("{\"sensor_id\":\"ü\\u0000\"}"u8.ToArray(), letter.PayloadHead);
    }

    [Fact]
    public async Task Totals_and_minutes_add_up_over_several_commits()
    {
        var batches = new TestBatches(_catalog);
        var keys = new SensorKeys(_database.Writer, TimeProvider.System);
        for (var commit = 0; commit < 3; commit++)
        {
            var (totals, minutes) = (new TotalsWindow(), new RollupWindow(_catalog));
            var batch = batches.Validate(
                0.4 + (commit / 10.0), TestBatches.Reading("s", 10 + commit, $"\"temperature\":{20 + commit},\"humidity\":50"), TestBatches.Reading("t", 70 + commit, "\"temperature\":1"));
            await keys.AssignAsync(batches.Sensors, 0, _catalog, Token);
            totals.Add(batch, batches.Sensors);
            minutes.Add(batch, batches.Sensors);
            await _database.Writer.WriteAsync(
                transaction =>
                {
                    totals.Write(transaction, 1, 0, _catalog);
                    RollupSql.Write(transaction, minutes, _catalog, batches.Sensors);
                },
                Token);
        }

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        var total = await context.PipelineMinutes.ToListAsync(Token);
        Assert.Equal(6, total.Sum(t => t.Readings));
        Assert.Equal(total.Sum(t => t.Readings), total.Sum(t => t.Normal + t.Anomalies + t.DeadLetters + t.Duplicates));
        var minute = await context.SensorMinutes.SingleAsync(m => m.Measurement == "temperature" && m.ReadingCount == 3 && m.ValueMax == 22, Token);
        Assert.Equal((20.0, 22.0, 63.0, 1325.0, 0L), (minute.ValueMin, minute.ValueMax, minute.ValueSum, minute.ValueSumSquares, minute.AnomalyCount));
        Assert.Equal(0.6, minute.ScoreMax!.Value, 9);
        Assert.Equal(TestBatches.Start.UtcDateTime, minute.BucketStart);
        var sensor = await context.Sensors.SingleAsync(s => s.SensorId == "s", Token);
        Assert.Equal(TestBatches.Start.UtcDateTime.AddSeconds(12), sensor.LastEventTime);
        Assert.Equal(22, System.Text.Json.JsonDocument.Parse(sensor.LastMeasurements!).RootElement.GetProperty("temperature").GetDouble());
    }

    [Fact]
    public async Task An_older_reading_does_not_become_the_newest()
    {
        var batches = new TestBatches(_catalog);
        foreach (var seconds in (int[])[100, 40])
        {
            var minutes = new RollupWindow(_catalog);
            var batch = batches.Validate(0.4, TestBatches.Reading("s", seconds, $"\"temperature\":{seconds},\"humidity\":50"));
            await new SensorKeys(_database.Writer, TimeProvider.System).AssignAsync(batches.Sensors, 0, _catalog, Token);
            minutes.Add(batch, batches.Sensors);
            await _database.Writer.WriteAsync(transaction => RollupSql.Write(transaction, minutes, _catalog, batches.Sensors), Token);
        }

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        Assert.Equal(TestBatches.Start.UtcDateTime.AddSeconds(100), (await context.Sensors.SingleAsync(Token)).LastEventTime);
    }

    [Fact]
    public async Task Old_minutes_become_hours_with_the_same_totals_and_a_second_run_changes_nothing()
    {
        await _database.Writer.WriteAsync(
            transaction =>
            {
                transaction.Execute(
                    "INSERT INTO sensor (sensor_key, sensor_id, profile, first_seen_at, last_flags, last_event_time) VALUES (1, 'a', 'climate', @t, 0, @last)",
                    ("@t", new DbTime(20_000 * Day)), ("@last", new DbTime((20_010 * Day) - 60_000)));
                using var insert = transaction.Command(
                    "INSERT INTO sensor_minute (sensor_key, bucket_start, measurement, reading_count, value_min, value_max, value_sum, value_sum_squares, anomaly_count, score_max) "
                    + "VALUES (1, @bucket, 'temperature', 2, @value, @value, @value, @value, 1, 0.5)", "@bucket", "@value");
                for (var minute = 0; minute < 10 * 24 * 60; minute += 7)
                {
                    insert.Run(new DbTime((20_000 * Day) + (minute * 60_000L)), (double)minute);
                }
            },
            Token);
        var before = await RollupTotalsAsync();
        var retention = ActivatorUtilities.CreateInstance<RollupRetention>(_database.Services);

        Assert.True(await retention.RunAsync(Token) > 0);

        Assert.Equal(before, await RollupTotalsAsync());
        Assert.Equal(0, await retention.RunAsync(Token));
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        var hours = await context.SensorHours.ToListAsync(Token);
        Assert.InRange(hours.Count, 24, 3 * 24);
        Assert.All(hours, h => Assert.Equal(0, h.BucketStart.Ticks % TimeSpan.TicksPerHour));
        var minutes = await context.SensorMinutes.Select(m => m.BucketStart).ToListAsync(Token);
        Assert.InRange((minutes.Max() - minutes.Min()).TotalDays, 6, 8);
    }

    [Fact]
    public async Task Two_publishers_never_get_the_same_version_of_a_table()
    {
        var commits = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _database.Writer.WriteAsync(
            transaction =>
            {
                var (_, version) = DeltaTableSql.Ensure(transaction, "silver", Guid.NewGuid().ToString());
                DeltaTableSql.Commit(transaction, "silver", version + 1, "{}");
                return version + 1;
            },
            Token)));

        Assert.Equal([0L, 1, 2, 3, 4, 5], commits.Order());
    }

    [Fact]
    public async Task A_reader_sees_one_moment_and_waits_for_no_writer()
    {
        await _database.Writer.WriteAsync(t => t.Execute("INSERT INTO sequence (name, value) VALUES ('n', 1)"), Token);
        using var inside = new SemaphoreSlim(0);
        using var go = new SemaphoreSlim(0);
        var reading = Task.Run(() => _database.Reader.ReadAsync(
            transaction =>
            {
                var first = Value(transaction);
                inside.Release();
                go.Wait(Token);
                return (first, Value(transaction));
            },
            Token));
        await inside.WaitAsync(Token);

        await _database.Writer.WriteAsync(t => t.Execute("UPDATE sequence SET value = 2"), Token);
        go.Release();

        Assert.Equal((1L, 1L), await reading);
    }

    [Fact]
    public async Task A_log_has_one_number_over_all_hosts_and_another_log_of_its_name_is_refused()
    {
        var registry = new SourceRegistry(_database.Writer, Options.Create(new CommitLogOptions()), TimeProvider.System, NullLogger<SourceRegistry>.Instance);
        var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => registry.OpenAsync(new LogSource("kafka", "c1", "readings", "t1"), Token)));

        Assert.Single(ids.Distinct());
        await Assert.ThrowsAsync<CommitLogException>(() => registry.OpenAsync(new LogSource("kafka", "c1", "readings", "t2"), Token));
    }

    private static long Value(System.Data.Common.DbTransaction transaction)
    {
        using var query = transaction.Query("SELECT value FROM sequence WHERE name = 'n'");
        return Convert.ToInt64(query.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private SensorTable Sensors(params string[] ids)
    {
        var batches = new TestBatches(_catalog);
        batches.Validate(0.1, [.. ids.Select((id, i) => TestBatches.Reading(id, i, "\"temperature\":20,\"humidity\":50"))]);
        return batches.Sensors;
    }

    private async Task<(long, double)> RollupTotalsAsync()
    {
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        var (minutes, hours) = (await context.SensorMinutes.ToListAsync(Token), await context.SensorHours.ToListAsync(Token));
        return (minutes.Sum(m => m.ReadingCount) + hours.Sum(h => h.ReadingCount), minutes.Sum(m => m.ValueSum) + hours.Sum(h => h.ValueSum));
    }

    private Task<PartitionClaim> ClaimAsync() => _store.ClaimAsync(1, 0, "test", 0, Token);

    private Task AdvanceAsync(PartitionClaim claim, DatabaseSink sink, long first, long next) =>
        _database.Writer.WriteAsync(transaction => PartitionStore.Advance(transaction, claim, sink, first, next), Token);

    private Task AdvanceLakeAsync(PartitionClaim claim, long first, long next) =>
        _database.Writer.WriteAsync(transaction => PartitionStore.AdvanceLake(transaction, claim, first, next, "state", "hash"), Token);
}

using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Lake.Stores;
using IotAnalytics.Core.Lake.Upkeep;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Pipeline.Reconcile;
using IotAnalytics.Core.Scoring;
using IotAnalytics.Tests.EndToEnd;
using IotAnalytics.Tests.Lake;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Pipeline.Reconcile;

/// <summary>A database older than its lake, on the embedded deployment: what comes back is what was lost.</summary>
public sealed class LakeReconcilerTests : IAsyncLifetime
{
    private readonly ReconcileSite _site = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task A_restored_database_gets_back_what_it_lost_and_the_host_goes_on()
    {
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10);
        await _site.RunAsync(10);
        var truth = _site.Rows();
        _site.Restore(dump);

        var refused = await Assert.ThrowsAsync<LakeAheadException>(() => _site.StartAsync());
        Assert.Contains("lake reconcile", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, _site.Rows());
        Assert.Empty(await _site.VerifyAsync());
        await GoOnAsync();
    }

    [Fact]
    public async Task A_compaction_since_the_copy_is_taken_over()
    {
        await _site.RunAsync(10);
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10);
        await _site.RunAsync(5, async host => Assert.True((await host.Services.GetRequiredService<LakeCompactor>().CompactAsync(Token)).FilesBefore >= 6));
        await _site.RunAsync(5, async host => Assert.True((await host.Services.GetRequiredService<LakeCompactor>().CompactAsync(Token)).FilesBefore >= 4));
        var truth = _site.Rows();
        _site.Restore(dump);

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, _site.Rows());
        await GoOnAsync(host => host.Services.GetRequiredService<LakeCompactor>().CompactAsync(Token));
    }

    [Fact]
    public async Task A_copy_of_a_working_host_in_which_the_database_is_ahead_of_its_own_lake_offset()
    {
        await _site.RunAsync(10);
        var dump = "";
        await _site.RunAsync(7, host =>
        {
            dump = _site.Dump("dump");
            return _site.PostAsync(host, 8);
        });
        await _site.RunAsync(5);
        var truth = _site.Rows();
        _site.Restore(dump);
        Assert.Contains("stream_partition: 1 | 0 | 17 | 17 | 10 |", string.Join('\n', _site.Rows()), StringComparison.Ordinal);

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, _site.Rows());
        await GoOnAsync();
    }

    [Fact]
    public async Task Old_states_are_gone_and_the_first_records_of_bronze_stand_in()
    {
        await _site.RunAsync(6);
        await _site.RunAsync(6);
        var dump = _site.Dump("dump");
        await _site.RunAsync(6);
        await _site.RunAsync(6);
        var truth = _site.Rows();
        _site.Restore(dump);
        var states = Directory.GetFiles(Path.Combine(_site.Folder, "lake/bronze/_system/state")).Where(f => !Path.GetFileName(f).StartsWith("1-0-24-", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(states);
        states.ForEach(File.Delete);

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, _site.Rows());
        await GoOnAsync();
    }

    [Fact]
    public async Task A_model_and_a_profile_that_came_after_the_copy_are_found_again()
    {
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10);
        _site.Settings["Profiles:climate:Features:double_humidity"] = "humidity * 2";
        await _site.RunAsync(10);
        var truth = _site.Rows();
        Assert.Contains("model: climate | 2", truth);
        _site.Restore(dump);

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, _site.Rows());
        await GoOnAsync();
    }

    [Fact]
    public async Task Cuts_that_no_table_names_yet_are_taken_in_when_they_are_whole()
    {
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        _site.Settings["Lake:CutAge"] = "00:00:00.1";
        await using (var host = await _site.StartAsync())
        {
            for (var i = 1; i <= 4; i++)
            {
                await _site.PostAsync(host, 5);
                await ReconcileSite.WaitAsync(() => host.Monitor.Partitions[0].LakeOffset >= 10 + (i * 5));
            }

            // Killed: cut and committed, the log has forgotten them, and nothing is published.
            await StopNowAsync(host);
        }

        await PublishGoldAsync();
        _site.Restore(dump);

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Contains("stream_partition: 1 | 0 | 30 | 30 | 30 |", string.Join('\n', _site.Rows()), StringComparison.Ordinal);
        Assert.Empty(await _site.VerifyAsync());
        await GoOnAsync();
    }

    [Fact]
    public async Task A_publication_that_waits_in_the_copy_goes_on_afterwards()
    {
        void Unpublished(IServiceCollection services) => services.AddSingleton<ILakeStore>(
            new FaultyLakeStore(new FileSystemLakeStore(Path.Combine(_site.Folder, "lake"))) { FailBeforePut = key => key.Contains("_delta_log", StringComparison.Ordinal) });
        await _site.RunAsync(10);
        await _site.RunAsync(10, before: null, Unpublished);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10, before: null, Unpublished);
        _site.Restore(dump);
        using (var oracle = new LakeOracle(_site.Folder))
        {
            Assert.Equal("gold", oracle.Database<string>("SELECT table_name FROM delta_commit WHERE published_at IS NULL"));
        }

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Contains("stream_partition: 1 | 0 | 30 | 30 | 30 |", string.Join('\n', _site.Rows()), StringComparison.Ordinal);
        Assert.Empty(await _site.VerifyAsync());
        await GoOnAsync();
    }

    [Fact]
    public async Task Gold_that_got_further_than_bronze_is_taken_back_when_the_rest_of_its_cut_is_not_there()
    {
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10);
        await _site.RunAsync(10);
        TakeBackNewest("silver/normal-readings");
        TakeBackNewest("bronze/sensor-readings");
        foreach (var file in Directory.GetFiles(Path.Combine(_site.Folder, "lake"), "1-0-20-30-*", SearchOption.AllDirectories).Where(f => !f.Contains("gold", StringComparison.Ordinal)))
        {
            File.Delete(file);
        }

        _site.Restore(dump);

        // The commit that takes gold back is put, and the answer is lost.
        await Assert.ThrowsAsync<IOException>(() => _site.ReconcileAsync(customize: services =>
        {
            var store = new FileSystemLakeStore(Path.Combine(_site.Folder, "lake"));
            services.AddSingleton<ILakeStore>(new FaultyLakeStore(store) { FailAfterPut = key => key.Contains("_delta_log", StringComparison.Ordinal) });
        }));
        Assert.Empty(await _site.ReconcileAsync());

        Assert.Empty(await _site.VerifyAsync());
        using (var oracle = new LakeOracle(_site.Folder))
        {
            Assert.Equal(19, oracle.Lake<long>("SELECT max(record_offset) FROM gold"));
            Assert.Equal(20, oracle.Database<long>("SELECT lake_offset FROM stream_partition"));
            Assert.Equal(oracle.Lake<long>("SELECT count(*) FROM gold"), oracle.Database<long>("SELECT count(*) FROM anomaly"));
        }

        // The embedded log has forgotten those ten records; that is told, and all else goes on.
        await _site.RunAsync(5);
        Assert.Empty(await _site.VerifyAsync());
        using var after = new LakeOracle(_site.Folder);
        Assert.Equal(10, after.Database<long>("SELECT next_offset - first_offset FROM lost_range"));
        Assert.Equal(25, after.BronzeOffsets().Count);
    }

    [Fact]
    public async Task A_file_that_a_compaction_merged_across_the_target_keeps_its_rows_below()
    {
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10, host => host.Services.GetRequiredService<LakeCompactor>().CompactAsync(Token));
        await _site.RunAsync(10, host => host.Services.GetRequiredService<LakeCompactor>().CompactAsync(Token));
        await _site.RunAsync(0, host => host.Services.GetRequiredService<LakeCompactor>().CompactAsync(Token));
        foreach (var table in new[] { "silver/normal-readings", "bronze/sensor-readings" })
        {
            // Back to the first cut; gold stays with one file of all 30 records.
            var log = Path.Combine(_site.Folder, "lake", table, "_delta_log");
            foreach (var commit in Directory.GetFiles(log, "*.json").Order(StringComparer.Ordinal).Skip(2))
            {
                File.Delete(commit);
            }
        }

        foreach (var file in Directory.GetFiles(Path.Combine(_site.Folder, "lake/bronze/sensor-readings"), "1-0-*.parquet", SearchOption.AllDirectories))
        {
            if (!Path.GetFileName(file).StartsWith("1-0-0-10-", StringComparison.Ordinal))
            {
                File.Delete(file);
            }
        }

        _site.Restore(dump);
        Assert.Empty(await _site.ReconcileAsync());

        Assert.Empty(await _site.VerifyAsync());
        using var oracle = new LakeOracle(_site.Folder);
        Assert.Equal(9, oracle.Lake<long>("SELECT max(record_offset) FROM gold"));
        Assert.Equal(oracle.Lake<long>("SELECT count(*) FROM gold"), oracle.Database<long>("SELECT count(*) FROM anomaly"));
        Assert.Equal(10, oracle.Database<long>("SELECT next_offset FROM lake_file WHERE table_name = 'gold' AND removed_version IS NULL"));
    }

    [Fact]
    public async Task A_record_that_breaks_the_pipeline_is_found_again()
    {
        void Explode(IServiceCollection services) => services.AddSingleton<ModelLoader>(s => async (name, version, token) =>
        {
            var model = await s.GetRequiredService<ModelRegistry>().LoadAsync(name, version, token);
            return model with { Detector = new ExplodingDetector(model.Detector, poison: 97) };
        });
        await _site.RunAsync(5, before: null, Explode);
        var dump = _site.Dump("dump");
        await _site.RunAsync(20, before: null, Explode);
        var truth = _site.Rows();
        Assert.Contains(truth, row => row.Contains("| poison |", StringComparison.Ordinal));
        _site.Restore(dump);

        Assert.Empty(await _site.ReconcileAsync(customize: Explode));

        Assert.Equal(truth, _site.Rows());
        Assert.Empty(await _site.VerifyAsync());
    }

    [Fact]
    public async Task Partitions_are_brought_up_each_by_itself()
    {
        _site.Settings["CommitLog:Embedded:Partitions"] = "3";
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10);
        await _site.RunAsync(10);
        var truth = _site.Rows();
        Assert.Equal(3, truth.Count(row => row.StartsWith("stream_partition:", StringComparison.Ordinal)));
        _site.Restore(dump);

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, _site.Rows());
        await _site.RunAsync(10);
        Assert.Empty(await _site.VerifyAsync());
    }

    [Fact]
    public async Task Ended_at_any_step_and_run_again_it_comes_to_the_same_end()
    {
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10);
        await _site.RunAsync(10, host => host.Services.GetRequiredService<LakeCompactor>().CompactAsync(Token));
        var (truth, lake) = (_site.Rows(), _site.CopyLake("lake-copy"));
        var steps = new List<string>();
        _site.Restore(dump);
        await _site.ReconcileAsync(steps.Add);
        Assert.True(steps.Count >= 9, string.Join(", ", steps));

        for (var step = 0; step < steps.Count; step++)
        {
            _site.Restore(dump);
            _site.RestoreLake(lake);
            var left = step;
            await Assert.ThrowsAsync<StepFailedException>(() => _site.ReconcileAsync(_ =>
            {
                if (left-- == 0)
                {
                    throw new StepFailedException();
                }
            }));
            Assert.Empty(await _site.ReconcileAsync());

            Assert.Equal(truth, _site.Rows());
            Assert.Empty(await _site.VerifyAsync());
        }

        await GoOnAsync();
    }

    [Fact]
    public async Task A_second_time_there_is_nothing_to_do()
    {
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10);
        _site.Restore(dump);
        await _site.ReconcileAsync();
        var before = _site.Rows();

        await using (var services = _site.Services())
        {
            Assert.True((await services.GetRequiredService<LakeReconciler>().PlanAsync(Token)).Plan.IsEmpty);
        }

        Assert.Empty(await _site.ReconcileAsync());
        Assert.Equal(before, _site.Rows());
    }

    private static async Task StopNowAsync(Web.Hosting.PipelineHost host)
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await host.StopAsync(now.Token);
    }

    /// <summary>A host goes on and stops; then every record is there once, and database and lake count the same.</summary>
    private async Task GoOnAsync(Func<Web.Hosting.PipelineHost, Task>? before = null)
    {
        await _site.RunAsync(10, before);
        Assert.Empty(await _site.VerifyAsync());
        using var oracle = new LakeOracle(_site.Folder);
        Assert.Equal(Enumerable.Range(0, _site.Records).Select(i => (long)i), oracle.BronzeOffsets());
        Assert.Equal(_site.Records * 10L, oracle.Database<long>("SELECT sum(readings) FROM pipeline_minute"));
        Assert.Equal(oracle.Database<long>("SELECT sum(normal) FROM pipeline_minute"), oracle.Lake<long>("SELECT count(*) FROM silver"));
        Assert.Equal(oracle.Lake<long>("SELECT count(*) FROM gold"), oracle.Database<long>("SELECT count(*) FROM anomaly"));
        Assert.Equal(
            oracle.Lake<long>("SELECT (SELECT count(*) FROM silver) + (SELECT count(*) FROM gold)"),
            oracle.Database<long>("SELECT sum(reading_count) FROM sensor_minute WHERE measurement = 'humidity'"));
    }

    /// <summary>As if the publisher had been killed after the first of the three tables.</summary>
    private async Task PublishGoldAsync()
    {
        await using (var services = _site.Services())
        {
            await services.GetRequiredService<DeltaPublisher>().PublishAsync(Token);
        }

        TakeBackNewest("silver/normal-readings");
        TakeBackNewest("bronze/sensor-readings");
    }

    private void TakeBackNewest(string table) =>
        File.Delete(Directory.GetFiles(Path.Combine(_site.Folder, "lake", table, "_delta_log"), "*.json").Order(StringComparer.Ordinal).Last());

    private sealed class StepFailedException : Exception;

    /// <summary>Fails on one value, as a bug would.</summary>
    private sealed class ExplodingDetector(IAnomalyDetector inner, float poison) : IAnomalyDetector
    {
        public string Kind => inner.Kind;

        public int FeatureCount => inner.FeatureCount;

        public void Score(float[][] features, int rows, Span<double> scores)
        {
            if (features.Any(f => f.AsSpan(0, rows).Contains(poison)))
            {
                throw new InvalidOperationException("A bug that this value meets.");
            }

            inner.Score(features, rows, scores);
        }
    }
}

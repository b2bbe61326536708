using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Roles;
using IotAnalytics.Tests.Lake;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.Modeling.Training.Runs;

/// <summary>What a host does with a run that does not simply go through.</summary>
public sealed class TrainingServiceTests : IAsyncLifetime
{
    private static readonly DateTime From = DateTimeOffset.FromUnixTimeMilliseconds(LakeTestData.Start - 86_400_000).UtcDateTime;
    private readonly TaskCompletionSource _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LakeTestData _data = new(1);
    private LakeFixture _lake = null!;
    private TrainingRuns _runs = null!;
    private TrainingService _service = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _lake = await LakeFixture.CreateAsync();
        await _lake.CommitCutAsync(_data);
        var query = new ProfileReadingsQuery(_lake.Store, _lake.Contexts, _lake.Configured);
        var registry = new ModelRegistry(
            _lake.Reader, _lake.Writer, _lake.Store, _data.Catalog, _lake.Configured, Options.Create(new ModelingOptions()), _lake.Time, NullLogger<ModelRegistry>.Instance);
        var memories = new LevelMemories(_lake.Reader, _lake.Store, _lake.Configured, NullLogger<LevelMemories>.Instance);
        _runs = new TrainingRuns(
            _lake.Reader, _lake.Writer, _data.Catalog, query, Options.Create(new TrainingPolicies()), _lake.Time, NullLogger<TrainingRuns>.Instance);
        _service = new TrainingService(
            _runs, new TrainingRunner(_data.Catalog, query, _lake.Reader, registry, memories, _lake.Time), new HostIdentity("host"),
            Options.Create(new DatabaseOptions()), _lake.Time, NullLogger<TrainingService>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _service.StopAsync(CancellationToken.None);
        _service.Dispose();
        _runs.Dispose();
        await _lake.DisposeAsync();
    }

    [Fact]
    public async Task A_running_run_that_is_cancelled_ends_at_the_next_heartbeat()
    {
        var id = await StartReadingAsync();

        Assert.Equal("running", await _runs.CancelAsync(id, null, Token));
        var row = await AdvanceUntilAsync(id, r => r.State != "running");

        Assert.Equal(("cancelled", null), (row.State, row.Version));
        Assert.NotNull(row.FinishedAt);
    }

    [Fact]
    public async Task A_run_that_another_host_has_taken_is_left_to_it()
    {
        var id = await StartReadingAsync();
        await _lake.SqlAsync($"UPDATE training_run SET owner = 'other', attempts = 2, lease_until = {_lake.Time.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds()} WHERE run_id = {id}");

        // The host has given it up when it takes the next.
        _lake.Store.BeforeRead = (_, _) => throw new IOException("away");
        await _lake.SqlAsync(
            $"INSERT INTO training_run (name, reason, requested_by, requested_at, state, progress, window_from, window_to, seed, attempts, is_cancel_requested, rows_read) SELECT name, reason, requested_by, requested_at, 'queued', 0, window_from, window_to, seed, 0, 0, 0 FROM training_run WHERE run_id = {id}");
        await AdvanceUntilAsync(id + 1, r => r.Attempts > 0);

        var row = await RowAsync(id);
        Assert.Equal(("running", "other", 2), (row.State, row.Owner, row.Attempts));
    }

    [Fact]
    public async Task A_store_that_is_away_is_tried_three_times()
    {
        _lake.Store.BeforeRead = (_, _) => throw new IOException("the store is away");
        var id = await EnqueueAsync();
        await _service.StartAsync(Token);

        var row = await AdvanceUntilAsync(id, r => r.State == "failed");

        Assert.Equal((3, "the store is away"), (row.Attempts, row.Error));
    }

    [Fact]
    public async Task A_stop_gives_the_run_back_at_once()
    {
        var id = await StartReadingAsync();

        await _service.StopAsync(Token);

        var row = await RowAsync(id);
        Assert.Equal(("queued", null, 0), (row.State, row.Owner, row.Attempts));
        Assert.NotNull(await _runs.TakeAsync("next", Token));
    }

    [Fact]
    public async Task Too_few_readings_are_no_reason_to_try_again()
    {
        var id = await EnqueueAsync();
        await _service.StartAsync(Token);

        var row = await AdvanceUntilAsync(id, r => r.State != "running" && r.State != "queued");

        Assert.Equal(("failed", 1), (row.State, row.Attempts));
        Assert.Contains("needs 10000 reference rows", row.Error, StringComparison.Ordinal);
    }

    /// <summary>A run that reads the lake until it is cancelled.</summary>
    private async Task<long> StartReadingAsync()
    {
        _lake.Store.BeforeRead = async (_, cancellationToken) =>
        {
            _reading.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        };
        var id = await EnqueueAsync();
        await _service.StartAsync(Token);
        await _reading.Task.WaitAsync(Token);
        return id;
    }

    private async Task<long> EnqueueAsync() =>
        (await _runs.EnqueueAsync("climate", TrainingReason.Request, "ann", From, From.AddDays(3), seed: null, together: null, Token)).RunId;

    /// <summary>Lets time pass, a second at a time.</summary>
    private async Task<TrainingRun> AdvanceUntilAsync(long id, Func<TrainingRun, bool> condition)
    {
        TrainingRun row;
        while (!condition(row = await RowAsync(id)))
        {
            _lake.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, Token);
        }

        return row;
    }

    private async Task<TrainingRun> RowAsync(long id)
    {
        await using var context = await _lake.Contexts.CreateDbContextAsync(Token);
        return await context.TrainingRuns.SingleAsync(r => r.RunId == id, Token);
    }
}

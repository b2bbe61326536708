using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Tests.Modeling.Registry;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.Conformance;

/// <summary>The queue of training runs between hosts; every database must pass.</summary>
public abstract class TrainingQueueConformance : IAsyncLifetime
{
    private static readonly ProfileCatalog Catalog = new([ClimateProfile.Default, ClimateProfile.Default with { Name = "motor" }]);
    private static readonly DateTime From = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime To = new(2026, 1, 15, 0, 0, 0, DateTimeKind.Utc);
    private TestDatabase _database = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected abstract Task<TestDatabase> CreateAsync();

    public async ValueTask InitializeAsync()
    {
        _database = await CreateAsync();
        await _database.MigrateAsync();
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
    public async Task A_model_has_one_run_at_a_time_whoever_asks()
    {
        using var runs = Host();

        var asked = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => EnqueueAsync(Host(), "climate"), Token)));
        var other = await EnqueueAsync(runs, "motor");

        var first = Assert.Single(asked, a => a.IsNew);
        Assert.All(asked, a => Assert.Equal(first.RunId, a.RunId));
        Assert.True(other.IsNew);
        var row = await RowAsync(first.RunId);
        Assert.Equal(("climate", "request", "ann", "queued", From, To, 42L), (row.Name, row.Reason, row.RequestedBy, row.State, row.WindowFrom, row.WindowTo, row.Seed));
    }

    [Fact]
    public async Task Two_hosts_never_take_the_same_run()
    {
        using var runs = Host();
        await EnqueueAsync(runs, "climate");
        await EnqueueAsync(runs, "motor");

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => Host().TakeAsync($"host{i}", Token), Token)));

        Assert.Equal(["climate", "motor"], taken.Where(t => t is not null).Select(t => t!.Name).Order());
        Assert.Null(await runs.TakeAsync("late", Token));
        Assert.False((await EnqueueAsync(runs, "climate")).IsNew);
    }

    [Fact]
    public async Task What_a_dead_owner_leaves_is_taken_by_another_and_the_dead_one_touches_it_no_more()
    {
        using var runs = Host();
        var id = (await EnqueueAsync(runs, "climate")).RunId;
        var dead = (await runs.TakeAsync("dead", Token))!;
        Assert.Null(await runs.TakeAsync("heir", Token));
        await EndLeaseAsync(id);

        var heir = (await runs.TakeAsync("heir", Token))!;

        Assert.Equal((id, 2), (heir.RunId, heir.Attempts));
        Assert.Equal((false, false), await runs.RenewAsync(dead, new TrainingProgress(), Token));
        Assert.False(await _database.Writer.WriteAsync(t => TrainingRunRows.Succeed(t, dead, "2", 0, 0), Token));
        await runs.EndAsync(dead, TrainingRunState.Failed, "late", Token);
        Assert.Equal((true, false), await runs.RenewAsync(heir, new TrainingProgress(), Token));
        Assert.Equal(("running", "heir"), ((await RowAsync(id)).State, (await RowAsync(id)).Owner));
    }

    [Fact]
    public async Task A_run_whose_hosts_die_three_times_has_failed()
    {
        using var runs = Host();
        var id = (await EnqueueAsync(runs, "climate")).RunId;
        for (var i = 0; i < 3; i++)
        {
            Assert.NotNull(await runs.TakeAsync($"host{i}", Token));
            await EndLeaseAsync(id);
        }

        Assert.Null(await runs.TakeAsync("fourth", Token));

        var row = await RowAsync(id);
        Assert.Equal(("failed", 3), (row.State, row.Attempts));
        Assert.Contains("gone each of 3 times", row.Error, StringComparison.Ordinal);
        Assert.True((await EnqueueAsync(runs, "climate")).IsNew);
    }

    [Fact]
    public async Task A_try_that_fails_comes_back_later_and_one_that_a_stop_ends_at_once()
    {
        using var runs = Host();
        var id = (await EnqueueAsync(runs, "climate")).RunId;

        await runs.GiveBackAsync((await runs.TakeAsync("stops", Token))!, Token);
        var again = (await runs.TakeAsync("next", Token))!;
        Assert.Equal(1, again.Attempts);
        await runs.RetryAsync(again, "the store is away", Token);

        Assert.Null(await runs.TakeAsync("too early", Token));
        Assert.Equal(("queued", "the store is away"), ((await RowAsync(id)).State, (await RowAsync(id)).Error));
        await EndLeaseAsync(id);
        Assert.Equal(2, (await runs.TakeAsync("in time", Token))!.Attempts);
    }

    [Fact]
    public async Task Cancelling_ends_a_queued_run_at_once_and_a_running_one_by_its_owner()
    {
        using var runs = Host();
        var queued = (await EnqueueAsync(runs, "climate")).RunId;
        Assert.Equal("queued", await runs.CancelAsync(queued, null, Token));
        Assert.Equal("cancelled", (await RowAsync(queued)).State);

        var running = (await EnqueueAsync(runs, "climate")).RunId;
        var taken = (await runs.TakeAsync("host", Token))!;
        Assert.Equal("running", await runs.CancelAsync(running, null, Token));

        Assert.Equal((true, true), await runs.RenewAsync(taken, new TrainingProgress(), Token));
        Assert.False(await _database.Writer.WriteAsync(t => TrainingRunRows.Succeed(t, taken, "2", 0, 0), Token));
        await EndLeaseAsync(running);
        Assert.Null(await runs.TakeAsync("heir", Token));
        Assert.Equal("cancelled", (await RowAsync(running)).State);
        Assert.Equal("cancelled", await runs.CancelAsync(running, null, Token));
        Assert.Null(await runs.CancelAsync(999, null, Token));
    }

    [Fact]
    public async Task A_version_and_the_success_of_its_run_are_one()
    {
        using var runs = Host();
        var store = new MemoryLakeStore();
        var registry = new ModelRegistry(
            _database.Reader, _database.Writer, store, Catalog, Options.Create(new LakeOptions()), Options.Create(new ModelingOptions()), TimeProvider.System,
            NullLogger<ModelRegistry>.Instance);
        var candidate = BootstrapTrainer.Train(ClimateProfile.Default, 1);
        var id = (await EnqueueAsync(runs, "climate")).RunId;
        var dead = (await runs.TakeAsync("dead", Token))!;
        await EndLeaseAsync(id);
        var heir = (await runs.TakeAsync("heir", Token))!;

        await Assert.ThrowsAsync<TrainingRunLostException>(() => AddAsync(dead));
        var version = await AddAsync(heir);

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        var row = Assert.Single(await context.ModelVersions.ToListAsync(Token));
        Assert.Equal((version.Version, id, "succeeded", row.Version), (row.Version, row.TrainingRunId!.Value, (await RowAsync(id)).State, (await RowAsync(id)).Version));

        Task<Core.Scoring.ModelSnapshot> AddAsync(TakenRun run) => registry.AddVersionAsync(
            candidate, "ann", run.RunId,
            (t, v) =>
            {
                if (!TrainingRunRows.Succeed(t, run, v, 5, 1_000))
                {
                    throw new TrainingRunLostException(run.RunId);
                }
            },
            Token);
    }

    [Fact]
    public async Task A_profile_without_readings_and_a_window_that_ends_first_are_refused()
    {
        using var runs = Host();

        await Assert.ThrowsAsync<TrainingRefusedException>(() => runs.EnqueueAsync("climate", "request", "ann", null, null, null, null, Token));
        await Assert.ThrowsAsync<TrainingRefusedException>(() => runs.EnqueueAsync("climate", "request", "ann", To, From, null, null, Token));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => runs.EnqueueAsync("pump", "request", "ann", From, To, null, null, Token));
        await _database.Writer.WriteAsync(
            t => t.Execute(
                "INSERT INTO sensor (sensor_id, profile, first_seen_at, last_event_time, last_flags) VALUES ('a', 'climate', @t, @t, 0)",
                ("@t", DbTime.From(new DateTimeOffset(To)))),
            Token);
        var id = (await runs.EnqueueAsync("climate", "request", "ann", null, null, 7, null, Token)).RunId;

        var row = await RowAsync(id);
        Assert.Equal((To.AddMilliseconds(1), To.AddMilliseconds(1).AddDays(-14), 7L), (row.WindowTo, row.WindowFrom, row.Seed));
    }

    [Fact]
    public async Task A_schedule_that_fires_on_two_hosts_makes_one_run_and_none_where_nothing_is_new()
    {
        using var runs = Host();
        await runs.EnqueueScheduledAsync("climate", Token);
        await _database.Writer.WriteAsync(
            t => t.Execute(
                "INSERT INTO sensor (sensor_id, profile, first_seen_at, last_event_time, last_flags) VALUES ('a', 'climate', @t, @t, 0)",
                ("@t", DbTime.From(new DateTimeOffset(To)))),
            Token);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Host().EnqueueScheduledAsync("climate", Token), Token)));
        var taken = (await runs.TakeAsync("host", Token))!;
        await runs.EndAsync(taken, TrainingRunState.Succeeded, null, Token);
        await _database.Writer.WriteAsync(t => t.Execute("UPDATE training_run SET requested_at = @past", ("@past", new DbTime(0))), Token);
        await runs.EnqueueScheduledAsync("climate", Token);

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        Assert.Equal("schedule", Assert.Single(await context.TrainingRuns.ToListAsync(Token)).Reason);
    }

    private static Task<EnqueuedRun> EnqueueAsync(TrainingRuns runs, string name) =>
        runs.EnqueueAsync(name, "request", "ann", From, To, seed: null, together: null, Token);

    private TrainingRuns Host() => new(
        _database.Reader, _database.Writer, Catalog, new ProfileReadingsQuery(new MemoryLakeStore(), _database.Contexts, Options.Create(new LakeOptions())),
        Options.Create(new TrainingPolicies()), TimeProvider.System, NullLogger<TrainingRuns>.Instance);

    private Task EndLeaseAsync(long run) => _database.Writer.WriteAsync(
        t => t.Execute("UPDATE training_run SET lease_until = @past WHERE run_id = @run", ("@past", new DbTime(0)), ("@run", run)), Token);

    private async Task<TrainingRun> RowAsync(long run)
    {
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        return await context.TrainingRuns.SingleAsync(r => r.RunId == run, Token);
    }
}

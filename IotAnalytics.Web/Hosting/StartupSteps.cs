using System.Diagnostics;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Security;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Hosting;

/// <summary>What must be done before the pipeline starts, at once where nothing depends on the other; and the last to hear of the stop.</summary>
internal sealed class StartupSteps(
    ICommitLog log,
    DatabaseMigrator migrator,
    IOptions<DatabaseOptions> database,
    AdministratorKey administratorKey,
    ModelRegistry models,
    ProfileCatalog profiles,
    EndpointDataSource endpoints,
    HostTimings timings,
    HostInfo info,
    StoreChecks checks,
    ILogger<StartupSteps> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Log.Starting(logger, HostInfo.Version, Environment.ProcessId, info.StartedAt.UtcDateTime);
        // On another core meanwhile: the first request would otherwise wait for it.
        var routes = Task.Run(() => _ = endpoints.Endpoints.Count, cancellationToken);
        checks.Begin(cancellationToken);
        var training = BeginModelsAsync(cancellationToken);
        // A shared database is prepared meanwhile, but nothing is committed there before the lake's store is found good.
        var migrating = database.Value.IsShared ? MigrateAsync(cancellationToken) : null;
        await Timed("lake store", _ => checks.Lake, cancellationToken);
        var opening = Timed("commit log", log.OpenAsync, checks.Log, cancellationToken);
        if (migrating is null)
        {
            // A database in the folder comes after the log, which holds the lock that keeps a second host out of it.
            await opening;
            migrating = MigrateAsync(cancellationToken);
        }

        await Task.WhenAll(migrating, AskForPartitionsAsync(opening, migrating), training);
        await Task.WhenAll(
            Timed("administrator key", administratorKey.EnsureAsync, cancellationToken), Timed("models", token => models.EnsureBootstrapAsync(profiles, token), cancellationToken));
        await routes;
        timings.Mark();
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Log.StepStopped(logger, "pipeline", timings.Mark());
        return Task.CompletedTask;
    }

    private Task MigrateAsync(CancellationToken cancellationToken) => Timed("database", token => migrator.MigrateAsync(checks.Lake, token), checks.Database, cancellationToken);

    /// <summary>A database that holds nothing will want models, which are grown beside all else.</summary>
    private async Task BeginModelsAsync(CancellationToken cancellationToken)
    {
        await checks.Database;
        if (migrator.Found == FoundSchema.None)
        {
            await Task.Run(() => models.TrainAhead(profiles), cancellationToken);
        }
    }

    /// <summary>The group's answer takes as long as a schema that is made at once; a migration may take minutes, in which a member would keep its partitions from hosts that read.</summary>
    private async Task AskForPartitionsAsync(Task opening, Task migrating)
    {
        await Task.WhenAll(opening, checks.Database);
        if (migrator.Found is not (FoundSchema.None or FoundSchema.Current))
        {
            await migrating;
        }

        log.BeginAssignment();
    }

    private Task Timed(string step, Func<CancellationToken, Task> work, CancellationToken cancellationToken) => Timed(step, work, Task.CompletedTask, cancellationToken);

    private async Task Timed(string step, Func<CancellationToken, Task> work, Task after, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await after;
        await work(cancellationToken);
        Log.StepStarted(logger, step, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
}

/// <summary>Stands between the pipeline and HTTP to time both. Registered after everything that the pipeline starts.</summary>
internal sealed class PipelineStep : IHostedService
{
    private readonly HostTimings _timings;
    private readonly ILogger<PipelineStep> _logger;

    public PipelineStep(HostTimings timings, IHostApplicationLifetime lifetime, ILogger<PipelineStep> logger)
    {
        _timings = timings;
        _logger = logger;
        lifetime.ApplicationStarted.Register(() => Log.StepStarted(logger, "http", timings.Mark()));
        lifetime.ApplicationStopping.Register(() => timings.Mark());
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Log.StepStarted(_logger, "pipeline", _timings.Mark());
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Log.StepStopped(_logger, "http", _timings.Mark());
        return Task.CompletedTask;
    }
}

/// <summary>Time between two steps of start or stop, which follow one another.</summary>
internal sealed class HostTimings
{
    private long _last = Stopwatch.GetTimestamp();

    /// <summary>Milliseconds since the previous mark.</summary>
    public double Mark()
    {
        var now = Stopwatch.GetTimestamp();
        return Stopwatch.GetElapsedTime(Interlocked.Exchange(ref _last, now), now).TotalMilliseconds;
    }
}

/// <summary>EF Core takes half a second and some megabytes to come up: before the first who lists something has to wait for it, but not while the pipeline catches up
/// with what waited for it, which needs processors and memory more.</summary>
internal sealed class QueryWarmUp(DatabaseMigrator migrator, PipelineMonitor pipeline, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private const int QuietLooks = 3;
    private const long FarBehindRecords = 1_000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var quiet = 0; quiet < QuietLooks; quiet = pipeline.Partitions.Any(p => p.LagRecords > FarBehindRecords) ? 0 : quiet + 1)
        {
            await Task.Delay(Look, time, stoppingToken);
        }

        migrator.BuildModel();
    }
}

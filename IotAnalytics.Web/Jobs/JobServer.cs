using System.Data.Common;
using System.Net.Sockets;
using Hangfire;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Jobs;

/// <summary>
/// Puts the jobs on the clock, UTC, and runs them. Hangfire may run a job twice: each only triggers work that is idempotent. Begins when the
/// host has been up for a while: nothing that scores shares the processor with Hangfire's start.
/// </summary>
internal sealed partial class JobServer(IServiceProvider services, TimeProvider time, ILogger<JobServer> logger) : BackgroundService
{
    private static readonly TimeSpan StartDelay = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>Threads for jobs: they are few, and the cores belong to the pipeline.</summary>
    private const int Workers = 2;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(StartDelay, time, stoppingToken);
        var storage = await ScheduleAsync(stoppingToken);
        using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = Workers, Activator = services.GetRequiredService<JobActivator>() }, storage);
        var stopping = new TaskCompletionSource();
        await using var onStopping = stoppingToken.Register(stopping.SetResult);
        await stopping.Task;
        server.SendStop();
        await server.WaitForShutdownAsync(CancellationToken.None);
    }

    /// <summary>Puts the schedule into the storage; again and again while a storage on a server does not answer.</summary>
    private async Task<JobStorage> ScheduleAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                // Asked for here and not before: storage on a server prepares its tables when it is made.
                var (storage, jobs) = (services.GetRequiredService<JobStorage>(), services.GetRequiredService<IRecurringJobManager>());
                jobs.AddOrUpdate<RollupRetentionJob>("rollup-retention", job => job.RunAsync(CancellationToken.None), "10 * * * *");
                jobs.AddOrUpdate<LakeCompactionJob>("lake-compaction", job => job.RunAsync(CancellationToken.None), "30 1 * * *");
                jobs.AddOrUpdate<LakeVacuumJob>("lake-vacuum", job => job.RunAsync(CancellationToken.None), "30 3 * * *");
                ScheduleTraining(jobs);
                return storage;
            }
            catch (Exception e) when (e.GetBaseException() is DbException or IOException or SocketException or TimeoutException)
            {
                LogNotScheduled(RetryDelay.TotalSeconds, e);
                await Task.Delay(RetryDelay, time, cancellationToken);
            }
        }
    }

    private void ScheduleTraining(IRecurringJobManager jobs)
    {
        var policies = services.GetRequiredService<IOptions<TrainingPolicies>>().Value;
        foreach (var model in services.GetRequiredService<ProfileCatalog>().Profiles.Select(p => p.Name))
        {
            var schedule = policies.Of(model).Schedule;
            if (schedule == TrainingPolicy.Never)
            {
                // Of an earlier start.
                jobs.RemoveIfExists($"train-{model}");
            }
            else
            {
                jobs.AddOrUpdate<TrainingJob>($"train-{model}", job => job.RunAsync(model, CancellationToken.None), schedule);
            }
        }
    }

    [LoggerMessage(WebEventIds.JobsNotScheduled, LogLevel.Warning, "The jobs could not be scheduled, next try in {Delay} s")]
    private partial void LogNotScheduled(double delay, Exception exception);
}

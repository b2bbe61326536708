using Hangfire;

namespace IotAnalytics.Web.Jobs;

/// <summary>
/// Puts the jobs on the clock, UTC. Hangfire may run a job twice: each only triggers work that is idempotent. In the background: nothing that
/// scores waits for it.
/// </summary>
internal sealed class JobSchedule(IRecurringJobManager jobs) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        jobs.AddOrUpdate<RollupRetentionJob>("rollup-retention", job => job.RunAsync(CancellationToken.None), "10 * * * *");
        jobs.AddOrUpdate<LakeCompactionJob>("lake-compaction", job => job.RunAsync(CancellationToken.None), "30 1 * * *");
        jobs.AddOrUpdate<LakeVacuumJob>("lake-vacuum", job => job.RunAsync(CancellationToken.None), "30 3 * * *");
        return Task.CompletedTask;
    }
}

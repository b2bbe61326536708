using Hangfire;

namespace IotAnalytics.Web.Jobs;

/// <summary>Puts the jobs on the clock, UTC. Hangfire may run a job twice: each only triggers work that is idempotent.</summary>
internal sealed class JobSchedule(IRecurringJobManager jobs) : IHostedService
{
    public const string RollupRetention = "rollup-retention";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        jobs.AddOrUpdate<RollupRetentionJob>(RollupRetention, job => job.RunAsync(CancellationToken.None), "10 * * * *");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

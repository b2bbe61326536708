using Hangfire;
using Hangfire.Storage;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Jobs;

public sealed class TrainingScheduleTests(PostgreSqlServer postgres)
{
    [Fact]
    public async Task Each_model_has_a_job_by_its_schedule_unless_that_is_never()
    {
        await using var host = await TestHost.StartAsync(
            ("Profiles:pump:Measurements:flow:Min", "0"), ("Profiles:pump:Measurements:flow:Max", "9"), ("Profiles:pump:Training:Schedule", "15 */6 * * *"),
            ("Profiles:fan:Measurements:speed:Min", "0"), ("Profiles:fan:Measurements:speed:Max", "9"), ("Profiles:fan:Training:Schedule", "never"));

        var jobs = await WaitForAsync(host, "train-pump");

        Assert.Equal("15 */6 * * *", jobs["train-pump"]);
        Assert.DoesNotContain("train-fan", jobs.Keys);
    }

    [Fact]
    public async Task On_PostgreSQL_the_jobs_are_in_its_storage_and_one_that_is_due_is_run()
    {
        var settings = (await postgres.NewSettingsAsync()).Select(s => (s.Key, s.Value!)).Append(("Jobs:Provider", "PostgreSql")).ToArray();
        await using var host = await TestHost.StartAsync(settings);
        await WaitForAsync(host, "train-climate");

        host.Services.GetRequiredService<IRecurringJobManager>().Trigger("rollup-retention");
        var monitoring = host.Services.GetRequiredService<JobStorage>().GetMonitoringApi();
        using var limit = Limit();
        while (monitoring.SucceededListCount() == 0)
        {
            await Task.Delay(100, limit.Token);
        }
    }

    [Fact]
    public async Task A_host_keeps_its_jobs_when_another_one_of_the_process_has_come_and_gone()
    {
        await using var host = await TestHost.StartAsync();
        Scheduled(host);
        await using (var other = await TestHost.StartAsync())
        {
            Scheduled(other);
        }

        Assert.Contains("train-climate", (await WaitForAsync(host, "train-climate")).Keys);
    }

    /// <summary>The jobs begin when the host has been up for a while.</summary>
    private static async Task<Dictionary<string, string>> WaitForAsync(TestHost host, string job)
    {
        using var limit = Limit();
        while (true)
        {
            if (Scheduled(host) is var jobs && jobs.ContainsKey(job))
            {
                return jobs;
            }

            await Task.Delay(100, limit.Token);
        }
    }

    private static CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        return limit;
    }

    private static Dictionary<string, string> Scheduled(TestHost host)
    {
        using var connection = host.Services.GetRequiredService<JobStorage>().GetConnection();
        return connection.GetRecurringJobs().ToDictionary(j => j.Id, j => j.Cron);
    }
}

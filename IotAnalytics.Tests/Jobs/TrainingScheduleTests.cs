using Hangfire;
using Hangfire.Storage;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Jobs;

public sealed class TrainingScheduleTests
{
    [Fact]
    public async Task Each_model_has_a_job_by_its_schedule_unless_that_is_never()
    {
        await using var host = await TestHost.StartAsync(
            ("Profiles:pump:Measurements:flow:Min", "0"), ("Profiles:pump:Measurements:flow:Max", "9"), ("Profiles:pump:Training:Schedule", "15 */6 * * *"),
            ("Profiles:fan:Measurements:speed:Min", "0"), ("Profiles:fan:Measurements:speed:Max", "9"), ("Profiles:fan:Training:Schedule", "never"));

        // The jobs begin when the host has been up for a while.
        Dictionary<string, string> jobs;
        while (!(jobs = Scheduled(host)).ContainsKey("train-pump"))
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Equal("15 */6 * * *", jobs["train-pump"]);
        Assert.DoesNotContain("train-fan", jobs.Keys);
    }

    private static Dictionary<string, string> Scheduled(TestHost host)
    {
        using var connection = host.Services.GetRequiredService<JobStorage>().GetConnection();
        return connection.GetRecurringJobs().ToDictionary(j => j.Id, j => j.Cron);
    }
}

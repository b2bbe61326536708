using Hangfire;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Jobs;

internal static class JobServices
{
    public static IServiceCollection AddJobs(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<JobsOptions>().Bind(configuration.GetSection(JobsOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddHangfire(hangfire => hangfire
            .UseInMemoryStorage()
            // The next night tries again; more than that only repeats the same failure in the log.
            .UseFilter(new AutomaticRetryAttribute { Attempts = 1 }));
        services.AddHostedService<JobServer>();
        return services;
    }

    public static void MapJobsDashboard(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<JobsOptions>>().Value.Dashboard)
        {
            // The host's own login guards it; Hangfire's filter would let in everybody on this machine.
            app.MapHangfireDashboard("/jobs", new DashboardOptions { Authorization = [], DashboardTitle = "IotAnalytics jobs", DisplayStorageConnectionString = false })
                .RequireAuthorization();
        }
    }
}

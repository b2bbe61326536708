using Hangfire;
using Hangfire.PostgreSql;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Roles;
using IotAnalytics.Web.Security;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Jobs;

internal static class JobServices
{
    public static IServiceCollection AddJobs(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<JobsOptions>().Bind(configuration.GetSection(JobsOptions.Section)).ValidateDataAnnotations().ValidateOnStart()
            .Validate(
                o => o.Provider != "PostgreSql" || !string.IsNullOrWhiteSpace(configuration[DatabaseOptions.ConnectionKey]),
                $"{DatabaseOptions.ConnectionKey}: Jobs:Provider is PostgreSql; accepted: a connection string");
        services.AddHangfire((provider, hangfire) => UseStorage(hangfire, configuration, provider)
            // The next night tries again; more than that only repeats the same failure in the log.
            .UseFilter(new AutomaticRetryAttribute { Attempts = 1 }));
        services.AddHostedService<JobServer>();
        return services;
    }

    private static IGlobalConfiguration UseStorage(IGlobalConfiguration hangfire, IConfiguration configuration, IServiceProvider provider) =>
        configuration[$"{JobsOptions.Section}:{nameof(JobsOptions.Provider)}"] == "PostgreSql"
            ? hangfire.UsePostgreSqlStorage(
                storage => storage.UseNpgsqlConnection(configuration[DatabaseOptions.ConnectionKey]),
                // The two-second default would be a query each second of every idle host: a night's job may begin some seconds late.
                new PostgreSqlStorageOptions { QueuePollInterval = TimeSpan.FromSeconds(15) })
            : hangfire.UseInMemoryStorage().UseFilter(new UpkeepTurn(provider.GetRequiredService<HostRoles>()));

    public static void MapJobsDashboard(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<JobsOptions>>().Value.Dashboard)
        {
            // The host's own login guards it; Hangfire's filter would let in everybody on this machine.
            app.MapHangfireDashboard("/jobs", new DashboardOptions { Authorization = [], DashboardTitle = "IotAnalytics jobs", DisplayStorageConnectionString = false })
                .RequireScope(Scopes.Administrator);
        }
    }
}

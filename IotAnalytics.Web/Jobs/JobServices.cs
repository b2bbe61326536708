using Hangfire;
using Hangfire.InMemory;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
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
        // Hangfire itself would ask a static variable, in which another host of the process may have put its own.
        services.AddSingleton(provider =>
        {
            // Sets up its logging, which is static too.
            provider.GetRequiredService<IGlobalConfiguration>();
            return Storage(configuration);
        });
        services.AddHangfire((provider, hangfire) =>
        {
            hangfire.UseLogProvider(new JobLogProvider(provider.GetRequiredService<ILoggerFactory>()));

            // On PostgreSQL the storage is shared, and one host takes each job.
            if (!IsShared(configuration))
            {
                hangfire.UseFilter(new UpkeepTurn(provider.GetRequiredService<HostRoles>()));
            }

            // The next night tries again; more than that only repeats the same failure in the log.
            hangfire.UseFilter(new AutomaticRetryAttribute { Attempts = 1 });
        });
        services.AddHostedService<JobServer>();
        return services;
    }

    private static bool IsShared(IConfiguration configuration) => configuration[$"{JobsOptions.Section}:{nameof(JobsOptions.Provider)}"] == "PostgreSql";

    private static JobStorage Storage(IConfiguration configuration)
    {
        if (!IsShared(configuration))
        {
            return new InMemoryStorage();
        }

        // The two-second default would be a query each second of every idle host: a night's job may begin some seconds late.
        var options = new PostgreSqlStorageOptions { QueuePollInterval = TimeSpan.FromSeconds(15) };
        return new PostgreSqlStorage(new NpgsqlConnectionFactory(configuration[DatabaseOptions.ConnectionKey], options), options);
    }

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

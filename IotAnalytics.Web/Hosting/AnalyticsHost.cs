using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Roles;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Endpoints;
using IotAnalytics.Web.Jobs;
using IotAnalytics.Web.Security;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Hosting;

/// <summary>Builds the host: settings, checks, services. Nothing is opened, listened to or started here, but the data directory exists afterwards. Routes come with <see cref="HostRun"/>.</summary>
internal static class AnalyticsHost
{
    /// <param name="overrides">Configuration that wins over file and environment, for example <c>DataDirectory</c>.</param>
    /// <param name="customize">Last word on services and logging, for tests and the demo.</param>
    /// <exception cref="CommandException">The configuration or the data directory cannot be used.</exception>
    public static WebApplication Build(IEnumerable<KeyValuePair<string, string?>> overrides, Action<WebApplicationBuilder>? customize = null)
    {
        var configuration = SettingsFile.Load(overrides, out var file);
        // Beside the rest, on another core: it looks at every property of every section.
        var mistakes = Task.Run(() => OptionErrors.Find(configuration, KnownSections.All));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddConfiguration(configuration);

        HostLogging.Configure(builder);
        HostListener.Configure(builder);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<HostInfo>();
        builder.Services.AddSingleton(_ => DataDirectorySetup.Create(configuration[DataDirectorySetup.Key] ?? DataDirectorySetup.Default));
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMinutes(1));

        // The order of the hosted services is the order of the start, and backwards of the stop; HTTP comes last by itself.
        builder.Services.AddSingleton<StoreChecks>();
        builder.Services.AddHostedService<StartupSteps>();
        builder.Services.AddPersistence(configuration);
        builder.Services.AddRoles();
        builder.Services.AddReadings(configuration);
        builder.Services.AddCommitLog(configuration);
        builder.Services.AddIngestion(configuration);
        builder.Services.AddLake(configuration);
        builder.Services.AddModeling(configuration);
        builder.Services.AddModelChecks();
        builder.Services.AddRollups();
        builder.Services.AddPipeline(configuration);
        builder.Services.AddSingleton<HostTimings>();
        builder.Services.AddHostedService<PipelineStep>();
        builder.Services.AddTraining(configuration);

        builder.Services.AddSecurity();
        builder.Services.AddEndpoints();
        builder.Services.AddTelemetry(configuration);
        builder.Services.AddJobs(configuration);
        builder.Services.AddHostedService<QueryWarmUp>();
        customize?.Invoke(builder);

        var app = builder.Build();
        ThrowIfInvalid(app, mistakes.GetAwaiter().GetResult());
        Log.SettingsLoaded(app.Logger, file ?? "none, the defaults stand", app.Services.GetRequiredService<DataDirectory>().Path);
        var plain = string.Join(", ", HostListener.PlainAddresses(configuration));
        if (plain.Length > 0)
        {
            Log.NotEncrypted(app.Logger, plain);
        }

        return app;
    }

    private static void ThrowIfInvalid(WebApplication app, OptionErrors mistakes)
    {
        var errors = mistakes.Errors.ToList();
        errors.AddRange(HostListener.Errors(app.Configuration));
        errors.AddRange(ConfiguredSecrets.Errors(app.Configuration));
        errors.AddRange(HostLogging.Errors(app.Configuration));
        if (!mistakes.HasUnreadable)
        {
            errors.AddRange(ValidatorErrors(app.Services.GetService<IStartupValidator>()));
        }

        if (errors.Count > 0)
        {
            throw new CommandException(CommandLine.BadInput, string.Join($"{Environment.NewLine}  ", ["the configuration cannot be used:", .. errors.Distinct()]));
        }
    }

    /// <summary>What the options' own validators say, less the annotations: those are reported already, with the value.</summary>
    private static IEnumerable<string> ValidatorErrors(IStartupValidator? validator)
    {
        try
        {
            validator?.Validate();
            return [];
        }
        catch (OptionsValidationException e)
        {
            return Own(e);
        }
        catch (AggregateException e) when (e.InnerExceptions.All(i => i is OptionsValidationException))
        {
            return e.InnerExceptions.Cast<OptionsValidationException>().SelectMany(Own);
        }

        static IEnumerable<string> Own(OptionsValidationException e) =>
            e.Failures.Where(f => !f.StartsWith("DataAnnotation validation failed", StringComparison.Ordinal));
    }
}

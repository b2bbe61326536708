using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Stores.S3;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Roles;

namespace IotAnalytics.Web.Hosting;

/// <summary>The embedded deployment without HTTP: real log, pipeline, forest, database and lake in one folder.</summary>
internal sealed class PipelineHost : IAsyncDisposable
{
    private readonly IHost _host;

    private PipelineHost(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;
    public ReadingIngestor Ingestor => Services.GetRequiredService<ReadingIngestor>();
    public PipelineMonitor Monitor => Services.GetRequiredService<PipelineMonitor>();
    public DatabaseWriter Database => Services.GetRequiredService<DatabaseWriter>();
    public string LakeFolder => Services.GetRequiredService<DataDirectory>().Combine("lake");

    /// <summary>Starts everything and waits until the pipeline takes readings.</summary>
    /// <param name="folder">The data directory.</param>
    /// <param name="overrides">Settings that win over file and environment.</param>
    /// <param name="prepare">What is done, with the log open and the database migrated, before the pipeline starts: the models.</param>
    /// <param name="customize">Last word on the services, or null.</param>
    public static async Task<PipelineHost> StartAsync(
        string folder, IReadOnlyDictionary<string, string?> overrides, Func<IServiceProvider, CancellationToken, Task> prepare, Action<HostApplicationBuilder>? customize,
        CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddConfiguration(SettingsFile.Load(overrides, out _));
        builder.Logging.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(DataDirectorySetup.Create(folder));
        builder.Services.AddHostedService(services => new Preparation(services, prepare));
        builder.Services.AddPersistence(builder.Configuration).AddRoles().AddReadings(builder.Configuration).AddCommitLog(builder.Configuration)
            .AddIngestion(builder.Configuration).AddModeling(builder.Configuration).AddLake(builder.Configuration).AddRollups().AddPipeline(builder.Configuration);
        customize?.Invoke(builder);
        var host = builder.Build();
        var started = new PipelineHost(host);
        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch
        {
            // What had started already must end before what it uses is disposed.
            await host.StopAsync(CancellationToken.None);
            await started.DisposeAsync();
            throw;
        }

        while (!started.Monitor.IsReady && started.Monitor.Impediment is null)
        {
            await Task.Delay(1, cancellationToken);
        }

        return started;
    }

    /// <summary>Stops in order: what was taken is cut, published and closed.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _host.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }

    private sealed class Preparation(IServiceProvider services, Func<IServiceProvider, CancellationToken, Task> prepare) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await (services.GetService<S3StoreProbe>()?.CheckAsync(cancellationToken) ?? Task.CompletedTask);
            await services.GetRequiredService<ICommitLog>().OpenAsync(cancellationToken);
            await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
            await prepare(services, cancellationToken);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Web.Commands.Demo;

/// <summary>The embedded deployment without HTTP: real log, pipeline, forest, database and lake in one folder.</summary>
internal sealed class DemoHost : IAsyncDisposable
{
    private readonly IHost _host;

    private DemoHost(IHost host) => _host = host;

    public ReadingIngestor Ingestor => _host.Services.GetRequiredService<ReadingIngestor>();
    public PipelineMonitor Monitor => _host.Services.GetRequiredService<PipelineMonitor>();
    public DatabaseWriter Database => _host.Services.GetRequiredService<DatabaseWriter>();
    public ProfileCatalog Catalog => _host.Services.GetRequiredService<ProfileCatalog>();
    public string LakeFolder => _host.Services.GetRequiredService<DataDirectory>().Combine("lake");

    /// <param name="folder">The data directory.</param>
    /// <param name="modelSeed">Seed of the bootstrap model, when <paramref name="model"/> is null.</param>
    /// <param name="model">A model file to score with instead.</param>
    public static async Task<DemoHost> StartAsync(string folder, int modelSeed, byte[]? model, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddConfiguration(SettingsFile.Load(
            new Dictionary<string, string?>
            {
                // The files are cut and published at the end, by the graceful stop.
                ["Lake:CutAge"] = "1.00:00:00",
                ["Lake:PublishInterval"] = "01:00:00",
                ["Lake:CutRows"] = "1000000",
            },
            out _));
        builder.Logging.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(DataDirectorySetup.Create(folder));
        builder.Services.AddHostedService<DemoStart>().AddSingleton(new DemoModel(modelSeed, model));
        builder.Services.AddPersistence(builder.Configuration).AddReadings(builder.Configuration).AddCommitLog(builder.Configuration)
            .AddIngestion(builder.Configuration).AddModeling(builder.Configuration).AddLake(builder.Configuration).AddRollups().AddPipeline(builder.Configuration);
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        var demo = new DemoHost(host);
        while (!demo.Monitor.IsReady)
        {
            await Task.Delay(1, cancellationToken);
        }

        return demo;
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
}

/// <summary>The model that a demo scores with.</summary>
internal sealed record DemoModel(int Seed, byte[]? File);

/// <summary>What the host does before the pipeline starts, with the demo's model in place of the usual one.</summary>
internal sealed class DemoStart(
    ICommitLog log, DatabaseMigrator migrator, ModelRegistry models, ProfileCatalog catalog, DemoModel model) : IHostedService
{
    public const string Profile = "climate";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await log.OpenAsync(cancellationToken);
        await migrator.MigrateAsync(cancellationToken);
        var profile = catalog.Profiles.FirstOrDefault(p => p.Name == Profile)
            ?? throw new CommandException(CommandLine.BadInput, $"the demo needs the profile '{Profile}' in {SettingsFile.FileName}");
        if (model.File is { } file)
        {
            await models.ImportAsync(profile, file, "demo", cancellationToken);
        }
        else
        {
            await models.EnsureBootstrapAsync(catalog, model.Seed, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

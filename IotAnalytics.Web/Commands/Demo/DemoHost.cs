using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Web.Commands.Demo;

/// <summary>Starts the embedded deployment with the demo's model; its files are cut and published at the end, by the graceful stop.
/// Whatever is configured, the demo's lake lies in its own folder.</summary>
internal static class DemoHost
{
    public const string Profile = "climate";

    /// <param name="folder">The data directory.</param>
    /// <param name="isMigrated">The folder holds an up-to-date database already.</param>
    /// <param name="modelSeed">Seed of the bootstrap model, when <paramref name="model"/> is null.</param>
    /// <param name="model">A model file to score with instead.</param>
    public static Task<PipelineHost> StartAsync(string folder, bool isMigrated, int modelSeed, byte[]? model, CancellationToken cancellationToken)
    {
        var overrides = new Dictionary<string, string?>
        {
            ["Database:MigrateAtStart"] = isMigrated ? "false" : "true",
            ["Lake:Provider"] = "FileSystem",
            ["Lake:Bronze"] = "bronze/sensor-readings",
            ["Lake:Silver"] = "silver/normal-readings",
            ["Lake:Gold"] = "gold/anomalies",
            ["Lake:System"] = "bronze/_system",
            ["Lake:CutAge"] = "1.00:00:00",
            ["Lake:CutRows"] = "1000000",
            ["Lake:PublishInterval"] = "01:00:00",
        };
        return PipelineHost.StartAsync(folder, overrides, (services, token) => PrepareAsync(services, modelSeed, model, token), customize: null, cancellationToken);
    }

    public static SensorProfile ProfileOf(PipelineHost host) => ProfileOf(host.Services);

    private static SensorProfile ProfileOf(IServiceProvider services) =>
        services.GetRequiredService<ProfileCatalog>().Profiles.FirstOrDefault(p => p.Name == Profile)
        ?? throw new CommandException(CommandLine.BadInput, $"the demo needs the profile '{Profile}' in {SettingsFile.FileName}");

    private static async Task PrepareAsync(IServiceProvider services, int modelSeed, byte[]? model, CancellationToken cancellationToken)
    {
        var models = services.GetRequiredService<ModelRegistry>();
        if (model is not null)
        {
            await models.ImportAsync(ProfileOf(services), model, "demo", cancellationToken);
        }

        await models.EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), modelSeed, cancellationToken);
    }
}

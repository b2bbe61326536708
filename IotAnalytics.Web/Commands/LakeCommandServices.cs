using IotAnalytics.Core;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Commands;

/// <summary>The lake of a data folder without a host: nothing is started, migrated or cleared.</summary>
internal static class LakeCommandServices
{
    /// <param name="data">The folder, or null for the configuration's.</param>
    /// <param name="addMore">Adds what the command needs beyond database, profiles and lake.</param>
    /// <exception cref="CommandException">There is no such data folder, or the configuration is wrong.</exception>
    public static ServiceProvider Create(DirectoryInfo? data, Action<IServiceCollection, IConfiguration> addMore)
    {
        var configuration = SettingsFile.Load([], out _);
        var folder = Path.GetFullPath(data?.FullName ?? configuration[DataDirectorySetup.Key] ?? DataDirectorySetup.Default);
        if (configuration[$"{DatabaseOptions.Section}:{nameof(DatabaseOptions.Provider)}"] is null or "Sqlite" && !File.Exists(Path.Combine(folder, "analytics.db")))
        {
            throw new CommandException(CommandLine.BadInput, $"{folder} is not a data folder: it has no analytics.db. Name one with --data.");
        }

        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new DataDirectory(folder));
        services.AddPersistence(configuration);
        services.AddReadings(configuration);
        services.AddLake(configuration);
        addMore(services, configuration);
        var provider = services.BuildServiceProvider();
        try
        {
            _ = provider.GetRequiredService<IOptions<DatabaseOptions>>().Value;
            _ = provider.GetRequiredService<IOptions<LakeOptions>>().Value;
            _ = provider.GetRequiredService<ILakeStore>();
            _ = provider.GetRequiredService<ProfileCatalog>();
            return provider;
        }
        catch (OptionsValidationException e)
        {
            provider.Dispose();
            throw new CommandException(CommandLine.BadInput, string.Join(' ', e.Failures), e);
        }
    }
}

using IotAnalytics.Core;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Keys;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Commands;

/// <summary>The database of a data folder or of the configuration without a host: nothing is started or migrated.</summary>
internal static class KeyCommandServices
{
    /// <param name="data">The folder, or null for the configuration's.</param>
    /// <exception cref="CommandException">There is no such data folder, or the configuration is wrong.</exception>
    public static ServiceProvider Create(DirectoryInfo? data)
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
        services.AddSingleton<ApiKeyStore>();
        services.AddSingleton<ApiKeyRegistry>();
        var provider = services.BuildServiceProvider();
        try
        {
            _ = provider.GetRequiredService<IOptions<DatabaseOptions>>().Value;
            return provider;
        }
        catch (OptionsValidationException e)
        {
            provider.Dispose();
            throw new CommandException(CommandLine.BadInput, string.Join(' ', e.Failures), e);
        }
    }
}

using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Commands;

/// <summary>The profiles of the configuration, for commands that run without a host.</summary>
internal static class ConfiguredProfiles
{
    private const string Usual = "climate";

    /// <summary>The profile of this name; without one <c>climate</c>, else the first.</summary>
    /// <exception cref="CommandException">There is none of this name, or the profiles cannot be read.</exception>
    public static SensorProfile Find(string? name)
    {
        var profiles = Load().Profiles;
        return profiles.FirstOrDefault(p => p.Name == (name ?? Usual))
            ?? (name is null ? profiles.FirstOrDefault() : null)
            ?? throw new CommandException(CommandLine.BadInput, $"--profile '{name}' is none of the configuration's: {string.Join(", ", profiles.Select(p => p.Name))}.");
    }

    private static ProfileCatalog Load()
    {
        var configuration = SettingsFile.Load([], out _);
        var services = new ServiceCollection();
        services.AddReadings(configuration);
        using var provider = services.BuildServiceProvider();
        try
        {
            return provider.GetRequiredService<ProfileCatalog>();
        }
        catch (OptionsValidationException e)
        {
            throw new CommandException(CommandLine.BadInput, string.Join(' ', e.Failures), e);
        }
    }
}

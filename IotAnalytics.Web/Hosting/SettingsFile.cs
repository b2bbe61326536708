using IotAnalytics.Web.Commands;

namespace IotAnalytics.Web.Hosting;

/// <summary>
/// Where settings come from, later ones win: <c>appsettings.json</c> of the working directory, else the one beside the program;
/// environment variables <c>Iot__Section__Key</c>; the command line. Read once: a host does not change its mind while it runs.
/// </summary>
internal static class SettingsFile
{
    public const string FileName = "appsettings.json";
    private const string EnvironmentPrefix = "Iot__";

    /// <param name="overrides">The command line's.</param>
    /// <param name="file">The file used, or null when there is none and the defaults stand.</param>
    public static IConfigurationRoot Load(IEnumerable<KeyValuePair<string, string?>> overrides, out string? file)
    {
        file = new[] { Directory.GetCurrentDirectory(), AppContext.BaseDirectory }
            .Select(folder => Path.Combine(folder, FileName))
            .FirstOrDefault(File.Exists);
        var configuration = new ConfigurationBuilder();
        if (file is not null)
        {
            configuration.AddJsonFile(file, optional: false, reloadOnChange: false);
        }

        try
        {
            return configuration.AddEnvironmentVariables(EnvironmentPrefix).AddInMemoryCollection(overrides).Build();
        }
        catch (InvalidDataException e)
        {
            throw new CommandException(CommandLine.BadInput, $"{file} is not valid JSON: {e.InnerException?.Message ?? e.Message}", e);
        }
    }
}

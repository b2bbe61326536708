using System.CommandLine;
using IotAnalytics.Core.Simulation.Targets;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Security;

namespace IotAnalytics.Web.Commands.Registry;

/// <summary>The options of every command that asks a running host: <c>--url</c> and <c>--key</c>.</summary>
internal sealed class HostApiOptions
{
    private readonly Option<string?> _url = new("--url") { Description = "The host's address. Default: the first of the configuration's Urls, on this machine." };

    private readonly Option<string?> _key = new("--key")
    {
        Description = $"An API key. Default: the variable {ReadingsTargetKey.EnvironmentVariable}, else the file {AdministratorKey.FileName} of the configuration's DataDirectory.",
    };

    public void AddTo(Command command)
    {
        command.Add(_url);
        command.Add(_key);
    }

    /// <exception cref="CommandException">The address is none.</exception>
    public HostApi Open(ParseResult parsed) => Open(parsed, HostApi.UsualPatience);

    /// <inheritdoc cref="Open(ParseResult)"/>
    public HostApi Open(ParseResult parsed, TimeSpan patience)
    {
        var configuration = SettingsFile.Load([], out _);
        var text = parsed.GetValue(_url) ?? HostListener.OnThisMachine(configuration);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new CommandException(CommandLine.BadInput, $"--url '{text}' is not http://host:port or https://host:port.");
        }

        return new HostApi(url, Key(parsed.GetValue(_key), configuration), patience);
    }

    private static string? Key(string? given, IConfiguration configuration)
    {
        if ((string.IsNullOrWhiteSpace(given) ? Environment.GetEnvironmentVariable(ReadingsTargetKey.EnvironmentVariable) : given) is { Length: > 0 } key)
        {
            return key.Trim();
        }

        var file = Path.Combine(configuration[DataDirectorySetup.Key] ?? DataDirectorySetup.Default, AdministratorKey.FileName);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }
}

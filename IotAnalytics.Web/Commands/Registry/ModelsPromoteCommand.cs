using System.CommandLine;
using IotAnalytics.Web.Endpoints;

namespace IotAnalytics.Web.Commands.Registry;

/// <summary><c>models promote</c>: makes a version the champion.</summary>
internal static class ModelsPromoteCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("MODEL") { Description = "The model, which is named after its profile." };
        var version = new Argument<string>("VERSION") { Description = "The version, as 'models list' shows it." };
        var reason = ReasonOption();
        var expected = new Option<string?>("--expected-champion") { Description = "Only when this version is the champion now. Default: whichever it is." };
        var host = new HostApiOptions();
        var verb = new Command("promote", "Make a version the champion. Every host scores with it within 2 s.") { name, version, reason, expected };
        host.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = host.Open(parsed);
            await SetAsync(
                api, parsed.GetRequiredValue(name), parsed.GetRequiredValue(version), parsed.GetRequiredValue(reason), parsed.GetValue(expected),
                parsed.InvocationConfiguration.Output, cancellationToken);
            return CommandLine.Succeeded;
        });
        return verb;
    }

    public static Option<string> ReasonOption() => new("--reason") { Description = "Why, for the history.", Required = true };

    /// <summary>Sets the champion and prints what it was before.</summary>
    public static async Task SetAsync(
        HostApi api, string name, string version, string reason, string? expectedChampion, TextWriter output, CancellationToken cancellationToken)
    {
        var body = new SetChampionRequest(version, reason, expectedChampion);
        var aliases = await api.SendAsync(HttpMethod.Put, $"/models/{Uri.EscapeDataString(name)}/champion", body, cancellationToken);
        await output.WriteLineAsync($"{name}: version {aliases.GetProperty("champion").GetString()} is the champion; hosts score with it within 2 s.");
    }
}

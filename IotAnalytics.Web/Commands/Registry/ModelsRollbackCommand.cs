using System.CommandLine;

namespace IotAnalytics.Web.Commands.Registry;

/// <summary><c>models rollback</c>: makes the champion before the present one the champion again.</summary>
internal static class ModelsRollbackCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("MODEL") { Description = "The model, which is named after its profile." };
        var to = new Option<string?>("--to") { Description = "The version to go back to. Default: the champion before the last change." };
        var reason = ModelsPromoteCommand.ReasonOption();
        var host = new HostApiOptions();
        var verb = new Command("rollback", "Go back to the champion before. Every host scores with it within 2 s.") { name, to, reason };
        host.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = host.Open(parsed);
            var model = parsed.GetRequiredValue(name);
            var (champion, previous) = await LastChangeAsync(api, model, cancellationToken);
            await ModelsPromoteCommand.SetAsync(
                api, model, parsed.GetValue(to) ?? previous ?? throw new CommandException(CommandLine.Failed, $"{model} has had one champion only; there is none to go back to."),
                parsed.GetRequiredValue(reason), champion, parsed.InvocationConfiguration.Output, cancellationToken);
            return CommandLine.Succeeded;
        });
        return verb;
    }

    private static async Task<(string? Champion, string? Previous)> LastChangeAsync(HostApi api, string model, CancellationToken cancellationToken)
    {
        var page = await api.GetAsync($"/models/{Uri.EscapeDataString(model)}/history?alias=champion&limit=1", cancellationToken);
        foreach (var change in page.GetProperty("items").EnumerateArray())
        {
            return (change.GetProperty("version").GetString(), change.GetProperty("previous").GetString());
        }

        return (null, null);
    }
}

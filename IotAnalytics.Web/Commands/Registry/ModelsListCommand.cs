using System.CommandLine;
using System.Text.Json;
using IotAnalytics.Web.Endpoints;

namespace IotAnalytics.Web.Commands.Registry;

/// <summary><c>models list</c>: the models, or the versions of one.</summary>
internal static class ModelsListCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("MODEL") { Arity = ArgumentArity.ZeroOrOne, Description = "Show this model's versions. Default: all models." };
        var json = new Option<bool>("--json") { Description = "A JSON array." };
        var host = new HostApiOptions();
        var verb = new Command("list", "Models with their champions, or the versions of one model.") { name, json };
        host.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = host.Open(parsed);
            var model = parsed.GetValue(name);
            var items = await api.ListAsync(model is null ? "/models" : $"/models/{Uri.EscapeDataString(model)}/versions", cancellationToken);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(items, ApiJson.Options));
            }
            else if (model is null)
            {
                await ModelsAsync(items, output);
            }
            else
            {
                await VersionsAsync(items, output);
            }

            return CommandLine.Succeeded;
        });
        return verb;
    }

    private static async Task ModelsAsync(List<JsonElement> items, TextWriter output)
    {
        await output.WriteLineAsync($"{"model",-24} {"champion",8}");
        foreach (var m in items)
        {
            await output.WriteLineAsync($"{Text(m, "name"),-24} {Text(m, "champion"),8}");
        }
    }

    private static async Task VersionsAsync(List<JsonElement> items, TextWriter output)
    {
        await output.WriteLineAsync($"{"version",7} {"created",-20} {"by",-20} alias");
        foreach (var v in items)
        {
            await output.WriteLineAsync(
                $"{Text(v, "version"),7} {v.GetProperty("created_at").GetDateTime(),-20:u} {Text(v, "created_by"),-20} {(v.GetProperty("is_champion").GetBoolean() ? "champion" : "")}".TrimEnd());
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "-";
}

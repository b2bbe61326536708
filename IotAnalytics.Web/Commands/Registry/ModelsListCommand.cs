using System.CommandLine;
using System.Globalization;
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
        await output.WriteLineAsync($"{"model",-24} {"champion",8} {"shadow",8} {"newest",6} {"age",6} {"alarms",9} {"target",7} {"precision",-22} state");
        foreach (var m in items)
        {
            var age = m.GetProperty("champion_age_seconds") is { ValueKind: JsonValueKind.Number } seconds ? Age(TimeSpan.FromSeconds(seconds.GetDouble())) : "-";
            var rate = m.GetProperty("alarm_rate");
            var (alarms, target) = rate.ValueKind == JsonValueKind.Null ? ("-", "-") : (Share(rate.GetProperty("rate")), Share(rate.GetProperty("target")));
            await output.WriteLineAsync(
                $"{Text(m, "name"),-24} {Text(m, "champion"),8} {Text(m, "shadow"),8} {Text(m, "newest_version"),6} {age,6} {alarms,9} {target,7} {Precision(m),-22} {Text(m, "state")}");
            foreach (var check in m.GetProperty("checks").EnumerateArray())
            {
                await output.WriteLineAsync($"  {Text(check, "check")}: {Text(check, "message")}");
            }
        }
    }

    private static async Task VersionsAsync(List<JsonElement> items, TextWriter output)
    {
        await output.WriteLineAsync($"{"version",7} {"created",-20} {"by",-20} {"run",6} {"gate",-7} {"precision",-22} alias");
        foreach (var v in items)
        {
            var run = v.GetProperty("training_run_id") is { ValueKind: JsonValueKind.Number } id ? id.GetRawText() : "-";
            var line = $"{Text(v, "version"),7} {v.GetProperty("created_at").GetDateTime(),-20:u} {Text(v, "created_by"),-20} {run,6} {Text(v, "gate_verdict"),-7} {Precision(v),-22} "
                + string.Join(' ', v.GetProperty("aliases").EnumerateArray().Select(a => a.GetString()));
            await output.WriteLineAsync(line.TrimEnd());
        }
    }

    /// <summary>For example <c>71% of 7 (36-92%)</c>.</summary>
    private static string Precision(JsonElement item)
    {
        var precision = item.GetProperty("precision");
        var judged = precision.GetProperty("confirmed").GetInt64() + precision.GetProperty("dismissed").GetInt64();
        return judged == 0 ? "-" : string.Create(
            CultureInfo.InvariantCulture,
            $"{100 * precision.GetProperty("precision").GetDouble():0}% of {judged} ({100 * precision.GetProperty("low").GetDouble():0}-{100 * precision.GetProperty("high").GetDouble():0}%)");
    }

    private static string Share(JsonElement share) => share.ValueKind == JsonValueKind.Null ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100 * share.GetDouble():0.###}%");

    private static string Age(TimeSpan age) => age.TotalDays >= 2 ? $"{(int)age.TotalDays}d" : age.TotalHours >= 2 ? $"{(int)age.TotalHours}h" : $"{(int)age.TotalMinutes}min";

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "-";
}

using System.CommandLine;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Gate;
using IotAnalytics.Web.Endpoints;

namespace IotAnalytics.Web.Commands.Registry;

/// <summary><c>models compare</c>: what the gate says of a version.</summary>
internal static class ModelsCompareCommand
{
    /// <summary>Judging reads the lake and grows two models.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    public static Command Create()
    {
        var name = new Argument<string>("MODEL") { Description = "The model, which is named after its profile." };
        var version = new Argument<string>("VERSION") { Description = "The version, as 'models list' shows it." };
        var again = new Option<bool>("--again") { Description = "Judge it now, against the champion of now. Default: the newest report there is." };
        var json = new Option<bool>("--json") { Description = "One JSON object with every figure." };
        var host = new HostApiOptions();
        var verb = new Command("compare", "Compare a version with the champion on the newest readings. Promotes nothing.") { name, version, again, json };
        host.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = host.Open(parsed, Patience);
            var path = $"/models/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}/versions/{Uri.EscapeDataString(parsed.GetRequiredValue(version))}/gate";
            var answer = parsed.GetValue(again)
                ? await api.SendAsync(HttpMethod.Post, path, body: null, cancellationToken)
                : await api.GetAsync(path, cancellationToken);
            await parsed.InvocationConfiguration.Output.WriteAsync(parsed.GetValue(json)
                ? JsonSerializer.Serialize(answer, ApiJson.Options) + Environment.NewLine
                : GateReportText.Of(GateReport.FromJson(answer.GetProperty("report").GetRawText())));
            return CommandLine.Succeeded;
        });
        return verb;
    }
}

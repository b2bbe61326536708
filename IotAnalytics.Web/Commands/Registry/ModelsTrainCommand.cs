using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using IotAnalytics.Web.Endpoints;

namespace IotAnalytics.Web.Commands.Registry;

/// <summary><c>models train</c>: queues a training run, and waits for it if asked to.</summary>
internal static class ModelsTrainCommand
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Then the gate has failed, and the host's log says why.</summary>
    private static readonly TimeSpan GatePatience = TimeSpan.FromMinutes(30);

    public static Command Create()
    {
        var name = new Argument<string>("MODEL") { Description = "The model, which is named after its profile." };
        var from = new Option<DateTimeOffset?>("--from") { Description = "Begin of the window, event time. Default: the profile's Training:Window before its end." };
        var to = new Option<DateTimeOffset?>("--to") { Description = "End of the window, event time, exclusive. Default: behind the newest reading." };
        var seed = new Option<long?>("--seed") { Description = "0 to 2147483647; the same readings and seed give the same model. Default 42." };
        var wait = new Option<bool>("--wait") { Description = "Wait until the run is over and the gate has judged its version; exit code 1 unless it made one." };
        var host = new HostApiOptions();
        var verb = new Command("train", "Train a new version from the readings of the lake. No alias changes by it.") { name, from, to, seed, wait };
        host.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using var api = host.Open(parsed);
            var body = new StartTrainingRequest(parsed.GetValue(from)?.UtcDateTime, parsed.GetValue(to)?.UtcDateTime, parsed.GetValue(seed));
            var run = await api.SendAsync(HttpMethod.Post, $"/models/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}/training-runs", body, cancellationToken);
            var output = parsed.InvocationConfiguration.Output;
            var id = run.GetProperty("id").GetInt64();
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"training run {id} of {Text(run, "model")}: readings from {Text(run, "from")} to {Text(run, "to")}"));
            if (!parsed.GetValue(wait))
            {
                return CommandLine.Succeeded;
            }

            var latest = run;
            var work = WaitAsync();
            await ProgressDisplay.ShowAsync(
                "Training", work, () => new ProgressStep(latest.GetProperty("progress").GetDouble(), 1, Step(latest)), System.Console.Error, TimeProvider.System);
            await output.WriteLineAsync(Outcome(latest));
            if (Text(latest, "state") != "succeeded")
            {
                return CommandLine.Failed;
            }

            var version = await JudgedAsync(api, latest, cancellationToken);
            await output.WriteLineAsync(Verdict(version));
            return CommandLine.Succeeded;

            async Task WaitAsync()
            {
                while (Text(latest, "state") is "queued" or "running")
                {
                    await Task.Delay(AskEvery, cancellationToken);
                    latest = await api.GetAsync($"/training-runs/{id}", cancellationToken);
                }
            }
        });
        return verb;
    }

    /// <summary>The version, with the gate's verdict where there is one in time.</summary>
    private static async Task<JsonElement> JudgedAsync(HostApi api, JsonElement run, CancellationToken cancellationToken)
    {
        var path = $"/models/{Uri.EscapeDataString(Text(run, "model")!)}/versions/{Uri.EscapeDataString(Text(run, "version")!)}";
        var version = await api.GetAsync(path, cancellationToken);
        var work = WaitAsync();
        await ProgressDisplay.ShowAsync("Judging", work, () => new ProgressStep(0, 1, "the gate compares it with the champion"), System.Console.Error, TimeProvider.System);
        return version;

        async Task WaitAsync()
        {
            for (var waited = TimeSpan.Zero; Text(version, "gate_verdict") is null && !version.GetProperty("is_champion").GetBoolean() && waited < GatePatience; waited += AskEvery)
            {
                await Task.Delay(AskEvery, cancellationToken);
                version = await api.GetAsync(path, cancellationToken);
            }

            // A promotion follows its verdict within a moment.
            await Task.Delay(AskEvery, cancellationToken);
            version = await api.GetAsync(path, cancellationToken);
        }
    }

    private static string Verdict(JsonElement version)
    {
        var (model, number) = (Text(version, "name"), Text(version, "version"));
        return (Text(version, "gate_verdict"), version.GetProperty("is_champion").GetBoolean()) switch
        {
            (null, false) => "the gate has not judged it; the host's log says why",
            (var verdict, true) => $"the gate says {verdict ?? "nothing"}: it is the champion now",
            (var verdict, false) => $"the gate says {verdict}: 'models compare {model} {number}' shows why, 'models promote {model} {number}' makes it the champion",
        };
    }

    private static string Step(JsonElement run) => string.Create(
        CultureInfo.InvariantCulture, $"{Text(run, "stage") ?? Text(run, "state")}, {run.GetProperty("rows_read").GetInt64():N0} readings");

    private static string Outcome(JsonElement run) => Text(run, "state") switch
    {
        "succeeded" => string.Create(
            CultureInfo.InvariantCulture, $"{Text(run, "model")} version {Text(run, "version")}, made of {run.GetProperty("rows_read").GetInt64():N0} readings"),
        "cancelled" => "cancelled",
        _ => $"failed: {Text(run, "error")}",
    };

    private static string? Text(JsonElement run, string field) => run.GetProperty(field).GetString();
}

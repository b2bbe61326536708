using System.CommandLine;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Web.Commands;

/// <summary><c>health</c>: asks a running host how it is, for container health checks: there is no other program in the image that could.</summary>
internal static class HealthCommand
{
    public static Command Create()
    {
        var url = new Option<string?>("--url") { Description = "The host's address. Default: the first of the configuration's Urls, on this machine." };
        var check = new Option<string>("--check") { Description = "ready: it takes readings to their end; startup: it has started; live: it answers.", DefaultValueFactory = _ => "ready" }
            .AcceptOnlyFromAmong("ready", "startup", "live");
        var timeout = new Option<double>("--timeout") { Description = "Seconds to wait for the answer, 0.1 to 60.", DefaultValueFactory = _ => 5 };
        var command = new Command("health", "Ask a running host whether it is well. Exit code 0: yes, 1: no.") { url, check, timeout };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var seconds = parsed.GetValue(timeout);
            if (seconds is not (>= 0.1 and <= 60))
            {
                throw new CommandException(CommandLine.BadInput, FormattableString.Invariant($"--timeout {seconds} is not 0.1 to 60."));
            }

            var address = Address(parsed.GetValue(url) ?? HostListener.OnThisMachine(SettingsFile.Load([], out _)));
            var (isWell, answer) = await AskAsync(new Uri(address, $"/health/{parsed.GetValue(check)}"), TimeSpan.FromSeconds(seconds), cancellationToken);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(answer);
            return isWell ? CommandLine.Succeeded : CommandLine.Failed;
        });
        return command;
    }

    private static Uri Address(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
        ? address
        : throw new CommandException(CommandLine.BadInput, $"--url {text} is not http://host:port or https://host:port.");

    private static async Task<(bool IsWell, string Answer)> AskAsync(Uri address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = timeout };
        try
        {
            using var answer = await client.GetAsync(address, cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            return (answer.IsSuccessStatusCode, text.Length is > 0 and <= 200 ? text : $"{address} answers {(int)answer.StatusCode}");
        }
        catch (HttpRequestException e)
        {
            return (false, $"{address}: {e.Message}");
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            return (false, $"{address}: no answer within {timeout.TotalSeconds:0.#} s");
        }
    }
}

using System.CommandLine;
using IotAnalytics.Core;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Security;

namespace IotAnalytics.Web.Commands;

/// <summary><c>serve</c>, also what the program does without a verb: the host.</summary>
internal static class ServeCommand
{
    private static readonly Option<bool> Demo = new("--demo") { Description = "Let five simulated sensors send to the host." };

    public static Command Create() => AddTo(new Command("serve", "Run the host: HTTP API, pipeline, lake. Every option of the configuration is accepted as --Section:Key=value."));

    /// <summary>Makes <paramref name="command"/> run the host.</summary>
    public static TCommand AddTo<TCommand>(TCommand command)
        where TCommand : Command
    {
        command.Add(Demo);
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.UnmatchedTokens, parsed.GetValue(Demo), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> arguments, bool withDemo, CancellationToken cancellationToken)
    {
        NativeHeap.ReturnLargeBlocks();
        await using var app = AnalyticsHost.Build(OverrideArguments.Parse(arguments));
        await HostRun.StartAsync(app, cancellationToken);
        Console.Out.WriteLine(Welcome(app));
        var sensors = withDemo ? DemoSensors.RunAsync(app) : Task.CompletedTask;
        var exitCode = await HostRun.WaitForEndAsync(app, cancellationToken);
        await sensors;
        return exitCode;
    }

    private static string Welcome(WebApplication app)
    {
        var address = HostListener.OnThisMachine(app.Urls.First());
        var keyFile = app.Services.GetRequiredService<DataDirectory>().Combine(AdministratorKey.FileName);
        var token = app.Services.GetRequiredService<LoginLinks>().Create();
        return $$"""

              IotAnalytics {{HostInfo.Version}} listens on {{string.Join(" and ", app.Urls)}}
              Log in (once, within 15 minutes):  {{address}}/login?token={{token}}
              Administrator key:                 {{keyFile}}
              Make data:
                curl -sS {{address}}/api/v1/readings -H "Authorization: Bearer $(cat '{{keyFile}}')" -H 'Content-Type: application/json' -d '{"sensor_id":"sensor_001","timestamp":"'$(date -u +%FT%TZ)'","temperature":95.2,"humidity":9.8}'

            """;
    }
}

using System.CommandLine;
using IotAnalytics.Benchmarks.Throughput;

namespace IotAnalytics.Benchmarks.StartProfile;

/// <summary><c>start-profile</c>: what the published host would compile in its first seconds, for the next publish to compile ahead.</summary>
internal static class StartProfileCommand
{
    private const string HooksVariable = "DOTNET_STARTUP_HOOKS";

    /// <summary>Where a first second matters: a topic that waits, in both wire forms; single readings over HTTP on the servers; the default deployment.</summary>
    private static readonly (string Name, string[] Arguments)[] Runs =
    [
        ("catching-up", ["--deployment", "production", "--readings", "200000", "--batch", "1", "--anomaly-rate", "0.05"]),
        ("catching-up-batched", ["--deployment", "production", "--readings", "200000", "--batch", "100", "--anomaly-rate", "0.05"]),
        ("paced", ["--deployment", "production", "--lake", "folder", "--rate", "10", "--batch", "1", "--seconds", "20"]),
        ("embedded", ["--rate", "1000", "--batch", "100", "--seconds", "20"]),
    ];

    private static readonly Option<string> Host = new("--host") { Description = "A host that was published with -p:UseStartProfile=false.", Required = true };
    private static readonly Option<string> Out = new("--out") { Description = "Folder for the profiles, IotAnalytics.Web/StartProfile.", Required = true };

    public static Command Create()
    {
        var command = new Command("start-profile", "Writes which generic methods a published host compiles in its first seconds. On real servers: IOT_TEST_SERVERS.") { Host, Out };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(parsed.GetRequiredValue(Out)).FullName;
        // For the hosts, which inherit it; nothing else that is started here is a .NET program.
        Environment.SetEnvironmentVariable(HooksVariable, typeof(StartupHook).Assembly.Location);
        foreach (var (name, arguments) in Runs)
        {
            var path = Path.Combine(folder, name + ".mibc");
            File.Delete(path);
            Environment.SetEnvironmentVariable(StartupHook.PathVariable, path);
            var code = await ThroughputCommand.Create().Parse([.. arguments, "--host", parsed.GetRequiredValue(Host)]).InvokeAsync(cancellationToken: cancellationToken);
            if (code != 0 || !File.Exists(path))
            {
                parsed.InvocationConfiguration.Error.WriteLine($"{name}: no profile; the run ended with {code}.");
                return 1;
            }

            parsed.InvocationConfiguration.Output.WriteLine($"{path}: {new FileInfo(path).Length:N0} bytes");
        }

        return 0;
    }
}

using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using IotAnalytics.Benchmarks.Throughput;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Benchmarks.Faults;

/// <summary>
/// <c>faults</c>: each kind of fault on real servers, with an oracle that knows every reading. A scenario that passed is written to the results file and
/// not run again with the same count, so that a long run can be taken up where it ended.
/// </summary>
internal static class FaultsCommand
{
    private static readonly Option<string> Host = new("--host")
    {
        Description = "IotAnalytics.Web.dll, or a published executable. Default: the one built with this program.",
        DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "IotAnalytics.Web.dll"),
    };

    private static readonly Option<string?> Servers = new("--servers") { Description = "Folder of kafka/kafka, postgres and s3/s3. Default: IOT_TEST_SERVERS." };
    private static readonly Option<string[]> Only = new("--only") { Description = "Scenarios, of " + string.Join(", ", Scenarios.All.Select(s => s.Name)), AllowMultipleArgumentsPerToken = true };
    private static readonly Option<bool> Quick = new("--quick") { Description = "Few times of each instead of the full counts." };
    private static readonly Option<int?> Times = new("--times") { Description = "How often, instead of either." };
    private static readonly Option<string> Results = new("--results") { Description = "Where results are kept, NDJSON.", DefaultValueFactory = _ => "faults.ndjson" };

    public static Command Create()
    {
        var command = new Command("faults", "Kill, freeze and take away what the pipeline stands on, and prove that every reading is there once.") { Host, Servers, Only, Quick, Times, Results };
        Only.AcceptOnlyFromAmong([.. Scenarios.All.Select(s => s.Name)]);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var only = parsed.GetValue(Only) ?? [];
        var output = parsed.InvocationConfiguration.Output;
        var passed = Passed(parsed.GetRequiredValue(Results));
        var failed = 0;
        foreach (var scenario in Scenarios.All.Where(s => only.Length == 0 || only.Contains(s.Name)))
        {
            var times = parsed.GetValue(Times) ?? (parsed.GetValue(Quick) ? scenario.Quick : scenario.Full);
            if (passed.Contains((scenario.Name, times)))
            {
                output.WriteLine($"{scenario.Name} x {times}: passed before");
                continue;
            }

            var result = await RunAsync(parsed, scenario, times, cancellationToken);
            await File.AppendAllTextAsync(parsed.GetRequiredValue(Results), JsonSerializer.Serialize(result) + "\n", cancellationToken);
            output.WriteLine($"{scenario.Name} x {times}: {(result.Findings.Count == 0 ? "passed" : "FAILED")}, {result.Readings:N0} readings, {result.Seconds:N0} s");
            foreach (var finding in result.Findings)
            {
                output.WriteLine($"  {finding}");
                failed = 1;
            }
        }

        return failed;
    }

    private static async Task<FaultResult> RunAsync(ParseResult parsed, Scenario scenario, int times, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var produced = 0L;
        List<string> findings;
        try
        {
            await using var run = await FaultRun.StartAsync(
                parsed.GetRequiredValue(Host), parsed.GetValue(Servers), ConfiguredProfiles.Find(name: null), scenario.Rate, cancellationToken);
            findings = await scenario.RunAsync(run, times);
            produced = await run.FinishAsync();
            await run.StopHostsAsync();
            findings.AddRange(await Oracle.FindAsync(run, produced));
        }
        catch (Exception e) when (e is MeasurementException or Npgsql.NpgsqlException or IOException)
        {
            findings = [e.Message];
        }

        return new FaultResult(scenario.Name, times, produced, Stopwatch.GetElapsedTime(started).TotalSeconds, findings);
    }

    private static HashSet<(string, int)> Passed(string path) => !File.Exists(path)
        ? []
        : [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<FaultResult>(line)!).Where(r => r.Findings.Count == 0).Select(r => (r.Scenario, r.Times))];

    private sealed record FaultResult(string Scenario, int Times, long Readings, double Seconds, List<string> Findings);
}

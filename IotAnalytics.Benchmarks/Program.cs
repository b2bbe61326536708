using System.CommandLine;
using BenchmarkDotNet.Running;
using IotAnalytics.Benchmarks.Throughput;

var filter = new Argument<string>("filter") { Description = "Which benchmarks, for example *Parser*.", DefaultValueFactory = _ => "*" };
var bench = new Command("bench", "Run the BenchmarkDotNet classes.") { filter };
bench.SetAction(parsed =>
{
    var ran = BenchmarkSwitcher.FromAssembly(typeof(ThroughputCommand).Assembly).Run(["--filter", parsed.GetRequiredValue(filter)]);
    return ran.Any() ? 0 : 2;
});
return await new RootCommand("IotAnalytics: measurements.") { bench, ThroughputCommand.Create() }.Parse(args).InvokeAsync();

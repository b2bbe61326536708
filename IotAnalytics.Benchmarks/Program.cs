using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using IotAnalytics.Benchmarks.CommitLog;
using IotAnalytics.Benchmarks.Evaluate;
using IotAnalytics.Benchmarks.Faults;
using IotAnalytics.Benchmarks.Features;
using IotAnalytics.Benchmarks.Forests;
using IotAnalytics.Benchmarks.StartProfile;
using IotAnalytics.Benchmarks.Throughput;
using IotAnalytics.Benchmarks.Training;

var filter = new Argument<string>("filter") { Description = "Which benchmarks, for example *Parser*.", DefaultValueFactory = _ => "*" };
var quick = new Option<bool>("--quick") { Description = "Three short iterations instead of a full run." };
var bench = new Command("bench", "Run the BenchmarkDotNet classes, within this process. Build with -c Release.") { filter, quick };
bench.SetAction(parsed =>
{
    var job = (parsed.GetValue(quick) ? Job.ShortRun : Job.Default).WithToolchain(InProcessEmitToolchain.Instance);
    var ran = BenchmarkSwitcher.FromAssembly(typeof(ThroughputCommand).Assembly)
        .Run(["--filter", parsed.GetRequiredValue(filter)], DefaultConfig.Instance.AddJob(job));
    return ran.Any() ? 0 : 2;
});
return await new RootCommand("IotAnalytics: measurements.") { bench, ThroughputCommand.Create(), FaultsCommand.Create(), ForestSpeedCommand.Create(), EvaluateCommand.Create(), KafkaReadCommand.Create(), ShadowCostCommand.Create(), TrainingCommand.Create(), StartProfileCommand.Create() }.Parse(args).InvokeAsync();

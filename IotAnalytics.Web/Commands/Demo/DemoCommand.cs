using System.CommandLine;
using System.Globalization;

namespace IotAnalytics.Web.Commands.Demo;

/// <summary><c>demo</c>: the main job on the embedded deployment, shown; or its distribution over many seeds.</summary>
internal static class DemoCommand
{
    /// <summary>Picked among the seeds with neither a miss nor a false alarm (see the README).</summary>
    private const int DefaultSeed = 1;

    public static Command Create()
    {
        var seconds = new Option<double>("--seconds") { Description = "Length of the stream in event time.", DefaultValueFactory = _ => 30 };
        var seed = new Option<int>("--seed") { Description = "Drives stream and model.", DefaultValueFactory = _ => DefaultSeed };
        var seeds = new Option<int?>("--seeds") { Description = "Run this many seeds from --seed on, as fast as possible, and show their distribution." };
        var speed = new Option<double>("--speed") { Description = "How much faster than the wall clock event time runs.", DefaultValueFactory = _ => 1 };
        var model = new Option<FileInfo?>("--model") { Description = "Score with this model file instead of a bootstrap model." };
        var data = new Option<DirectoryInfo?>("--data") { Description = "An empty or new folder to keep; default: a temporary one that is kept too." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("demo", "Run the main job for 30 seconds on the embedded deployment and show what it finds.") { seconds, seed, seeds, speed, model, data, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new DemoSettings(
                parsed.GetValue(seconds), parsed.GetValue(seed), parsed.GetValue(speed), ReadModel(parsed.GetValue(model)), parsed.GetValue(data)?.FullName, parsed.GetValue(json));
            var count = parsed.GetValue(seeds);
            Check(seconds, settings.Seconds, settings.Seconds is > 0 and <= 86_400, "more than 0 and at most 86400");
            Check(speed, settings.Speed, settings.Speed is > 0 and <= 1_000_000, "more than 0 and at most 1000000");
            Check(seeds, count, count is null or (>= 1 and <= 100_000), "1 to 100000");
            return count is { } many
                ? DemoDistribution.RunAsync(settings, many, cancellationToken)
                : RunAsync(settings, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(DemoSettings settings, CancellationToken cancellationToken)
    {
        var folder = settings.Folder ?? Directory.CreateTempSubdirectory("iot-demo-").FullName;
        if (Directory.Exists(Path.Combine(folder, "lake")) || File.Exists(Path.Combine(folder, "log.db")))
        {
            throw new CommandException(CommandLine.BadInput, $"--data = '{folder}' already holds data; give an empty or new folder");
        }

        await using var host = await DemoHost.StartAsync(folder, isMigrated: false, settings.Seed, settings.Model, cancellationToken);
        var run = new DemoRun(host, settings.Seed, settings.Seconds, settings.Speed);
        var result = settings.IsJson
            ? await run.RunAsync(progress: null, cancellationToken)
            : await DemoProgress.ShowAsync(report => run.RunAsync(report, cancellationToken));
        await host.StopAsync(cancellationToken);
        Console.Out.WriteLine(settings.IsJson ? result.ToJson() : DemoReport.Of(result));
        return result.IsGood ? CommandLine.Succeeded : CommandLine.Failed;
    }

    private static byte[]? ReadModel(FileInfo? file) => file switch
    {
        null => null,
        { Exists: false } => throw new CommandException(CommandLine.BadInput, $"--model = '{file.FullName}' does not exist"),
        _ => File.ReadAllBytes(file.FullName),
    };

    private static void Check<T>(Option<T> option, T value, bool isAccepted, string accepted)
    {
        if (!isAccepted)
        {
            throw new CommandException(CommandLine.BadInput, string.Create(CultureInfo.InvariantCulture, $"{option.Name} = '{value}': accepted {accepted}"));
        }
    }
}

/// <summary>The options of <c>demo</c>.</summary>
internal sealed record DemoSettings(double Seconds, int Seed, double Speed, byte[]? Model, string? Folder, bool IsJson);

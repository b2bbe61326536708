using System.CommandLine;
using IotAnalytics.Core.Simulation.Replay;
using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Web.Commands;

/// <summary><c>replay</c>: recorded readings out of files, to a host.</summary>
internal static class ReplayCommand
{
    private static readonly ReadingsTargetOptions Target = new();

    private static readonly Argument<string[]> Files = new("files")
    {
        Description = "CSV, NDJSON or Parquet, gzip too: sensor_id, timestamp and measurements. Several files are merged by time.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<double?> Speed = new("--speed")
    {
        Description = "At the recorded pace times this, above 0. Default: as fast as the host takes them.",
    };

    private static readonly Option<bool> AssumeUtc = new("--assume-utc") { Description = "Take times without a zone as UTC." };

    private static readonly Option<bool> SkipBad = new("--skip-bad") { Description = "Leave out and count rows that cannot be read, instead of ending with exit code 2." };

    public static Command Create()
    {
        var command = new Command("replay", "Send recorded readings to a host.") { Files, Speed, AssumeUtc, SkipBad };
        Target.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var files = parsed.GetRequiredValue(Files);
        var speed = parsed.GetValue(Speed);
        if (speed is { } given && !(given > 0 && double.IsFinite(given)))
        {
            throw new CommandException(CommandLine.BadInput, $"--speed {given} is not a number above 0.");
        }

        if (files.Length > Replayer.MaxFiles)
        {
            throw new CommandException(CommandLine.BadInput, $"{files.Length} files; at most {Replayer.MaxFiles} can be replayed at once.");
        }

        var skipBad = parsed.GetValue(SkipBad);
        var options = new ReplayOptions
        {
            Speed = speed,
            RecordTimeFromEvents = Target.ReadsRecordTimeFromEvents(parsed),
            AssumeUtc = parsed.GetValue(AssumeUtc),
            SkipBad = skipBad,
        };
        using var target = await Target.OpenAsync(parsed, Replayer.LanesFor(options), skipBad, time, cancellationToken);
        var replayer = new Replayer(target, options, time);
        var started = time.GetTimestamp();
        var output = parsed.InvocationConfiguration;
        try
        {
            await ProgressDisplay.ShowAsync(
                "Replaying",
                Task.Run(() => replayer.RunAsync(files, cancellationToken), CancellationToken.None),
                () => new ProgressStep(replayer.BytesRead, replayer.TotalBytes, ReadingsSummary.Now(target.Accepted, time.GetElapsedTime(started))),
                output.Error,
                time);
        }
        catch (ReplayFormatException e)
        {
            throw new CommandException(CommandLine.BadInput, Sent(e.Message, target), e);
        }
        catch (ReadingsTargetException e)
        {
            throw new CommandException(CommandLine.Failed, Sent(e.Message, target), e);
        }

        ReadingsSummary.Write(output.Output, replayer.Sent, replayer.Skipped, target, time.GetElapsedTime(started));
        return CommandLine.Succeeded;
    }

    private static string Sent(string problem, IReadingsTarget target) =>
        target.Accepted == 0 ? problem : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{problem} ({target.Accepted:N0} readings before were accepted)");
}

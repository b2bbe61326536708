using System.CommandLine;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;
using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Web.Commands;

/// <summary><c>simulate</c>: a fleet of sensors that sends to a host.</summary>
internal static class SimulateCommand
{
    private static readonly ReadingsTargetOptions Target = new();

    private static readonly Option<int> Sensors = new("--sensors") { Description = "Number of sensors, 1 to 10,000,000.", DefaultValueFactory = _ => 5 };

    private static readonly Option<double> Rate = new("--rate")
    {
        Description = "Readings per second of the whole fleet; 0: as fast as the host takes them, event times at the profile's interval and ending now.",
        DefaultValueFactory = _ => 2.5,
    };

    private static readonly Option<double> AnomalyRate = new("--anomaly-rate") { Description = "Share of readings in a fault, 0 to 0.9.", DefaultValueFactory = _ => 0.02 };

    private static readonly Option<int?> Batch = new("--batch") { Description = "Readings per request, 1 to 5,000. Default: a tenth of a second's, at most 1,000." };

    private static readonly Option<double?> Seconds = new("--seconds") { Description = "How long; with --rate 0 seconds of event time. Default: until Ctrl-C." };

    private static readonly Option<long?> Count = new("--count") { Description = "How many readings are due; dropouts count, though they are not sent." };

    private static readonly Option<long> Seed = new("--seed") { Description = "The same seed gives the same values and faults.", DefaultValueFactory = _ => 1 };

    private static readonly Option<string?> Profile = new("--profile") { Description = "Kind of the sensors, one of the configuration's Profiles. Default: climate when there, else the first." };

    private static readonly Option<bool> Independent = new("--independent")
    {
        Description = "Every reading drawn by itself, anomalous ones from the Anomalous bands, instead of a daily cycle with spikes, drifts, stuck values and dropouts.",
    };

    private static readonly Option<string?> Truth = new("--truth") { Description = "Write what was injected to this file, NDJSON, a line per reading." };

    public static Command Create()
    {
        var command = new Command("simulate", "Let simulated sensors send readings to a host.")
        {
            Sensors, Rate, AnomalyRate, Batch, Seconds, Count, Seed, Profile, Independent, Truth,
        };
        Target.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var profile = ConfiguredProfiles.Find(parsed.GetValue(Profile));
        var options = new SimulationOptions
        {
            Sensors = Checked(parsed, Sensors, v => v is >= 1 and <= 10_000_000, "1 to 10000000"),
            AnomalyRate = Checked(parsed, AnomalyRate, v => v is >= 0 and <= 0.9, "0 to 0.9"),
            Seed = parsed.GetValue(Seed),
            Mode = parsed.GetValue(Independent) ? SimulationMode.Independent : SimulationMode.Realistic,
        };
        var schedule = Schedule(parsed, profile, options.Sensors);
        using var target = await Target.OpenAsync(parsed, schedule.Lanes(options.Sensors), skipUnreadable: false, time, cancellationToken);
        await using var truth = OpenTruth(parsed.GetValue(Truth), profile);
        var sender = new FleetSender(profile, options, schedule, target, truth, time);
        var started = time.GetTimestamp();
        try
        {
            await ProgressDisplay.ShowAsync(
                "Sending",
                Task.Run(() => sender.RunAsync(cancellationToken), CancellationToken.None),
                () => new ProgressStep(sender.Sent, schedule.Count, ReadingsSummary.Now(target.Accepted, time.GetElapsedTime(started))),
                parsed.InvocationConfiguration.Error,
                time);
        }
        catch (ReadingsTargetException e)
        {
            throw new CommandException(CommandLine.Failed, e.Message, e);
        }

        ReadingsSummary.Write(parsed.InvocationConfiguration.Output, sender.Sent, skipped: 0, target, time.GetElapsedTime(started));
        return CommandLine.Succeeded;
    }

    private static FleetSchedule Schedule(ParseResult parsed, SensorProfile profile, int sensors)
    {
        var rate = Checked(parsed, Rate, v => v >= 0 && double.IsFinite(v), "0 or more");
        var batch = Checked(parsed, Batch, v => v is null or (>= 1 and <= 5_000), "1 to 5000");
        var count = Checked(parsed, Count, v => v is null or >= 1, "1 or more");
        var seconds = Checked(parsed, Seconds, v => v is null || (v > 0 && double.IsFinite(v.Value)), "above 0");
        if (count is not null && seconds is not null)
        {
            throw new CommandException(CommandLine.BadInput, "--count and --seconds both say when to end: give one of them.");
        }

        if (seconds is { } s)
        {
            var perSecond = rate > 0 ? rate : sensors / profile.ExpectedInterval.TotalSeconds;
            count = Math.Max(1, (long)Math.Round(s * perSecond));
        }

        if (rate == 0 && count is null)
        {
            throw new CommandException(CommandLine.BadInput, "--rate 0 needs --count, or --seconds of event time.");
        }

        return new FleetSchedule(rate, batch ?? FleetSchedule.DefaultBatch(rate), count);
    }

    private static TruthFile? OpenTruth(string? path, SensorProfile profile)
    {
        try
        {
            return path is null ? null : new TruthFile(path, profile.Measurements.Select(m => m.Name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandLine.BadInput, $"--truth {path}: {e.Message}", e);
        }
    }

    private static T Checked<T>(ParseResult parsed, Option<T> option, Func<T?, bool> accepts, string accepted)
    {
        var value = parsed.GetValue(option);
        return accepts(value)
            ? value!
            : throw new CommandException(
                CommandLine.BadInput, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{option.Name} {value} is not {accepted}."));
    }
}

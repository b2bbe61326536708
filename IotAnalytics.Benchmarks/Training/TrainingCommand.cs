using System.CommandLine;
using IotAnalytics.Benchmarks.Throughput;
using IotAnalytics.Core.Simulation.Targets;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Benchmarks.Training;

/// <summary><c>training</c>: a training run over a lake of many readings, while others come in.</summary>
internal static class TrainingCommand
{
    public static Command Create()
    {
        var host = new Option<string>("--host")
        {
            Description = "IotAnalytics.Web.dll or a published executable. Default: the one built with this program.",
            DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "IotAnalytics.Web.dll"),
        };
        var readings = new Option<int>("--readings") { Description = "Readings of the lake, in millions.", DefaultValueFactory = _ => 10 };
        var sensors = new Option<int>("--sensors") { Description = "Sensors of the fleet.", DefaultValueFactory = _ => 1_000 };
        var rate = new Option<double>("--rate") { Description = "Readings per second that come in meanwhile; 0: none.", DefaultValueFactory = _ => 5_000 };
        var data = new Option<string?>("--data") { Description = "Folder for the host's data, kept afterwards; one that has data is trained on as it is. Default: a temporary one." };
        var settings = new Option<string[]>("--set") { Description = "A setting of the host, Section:Key=value; may be repeated." };
        var command = new Command("training", "Time and peak memory of a training run, and how long readings take to be visible meanwhile.") { host, readings, sensors, rate, data, settings };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new TrainingOptions(
                parsed.GetRequiredValue(host), parsed.GetValue(readings), parsed.GetValue(sensors), parsed.GetValue(rate), parsed.GetValue(data), parsed.GetValue(settings) ?? []);
            try
            {
                var run = new TrainingMeasurement(options, ConfiguredProfiles.Find(name: null), parsed.InvocationConfiguration.Error);
                await parsed.InvocationConfiguration.Output.WriteLineAsync(await run.RunAsync(cancellationToken));
                return 0;
            }
            catch (Exception e) when (e is MeasurementException or ReadingsTargetException or HttpRequestException)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync(e.Message);
                return 1;
            }
        });
        return command;
    }
}

/// <param name="Millions">Millions of readings of the lake.</param>
/// <param name="Rate">Readings per second meanwhile.</param>
internal sealed record TrainingOptions(string HostPath, int Millions, int Sensors, double Rate, string? DataDirectory, IReadOnlyList<string> Settings);

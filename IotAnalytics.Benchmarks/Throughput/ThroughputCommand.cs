using System.CommandLine;
using IotAnalytics.Core.Simulation.Targets;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary><c>throughput</c>: end to end on the embedded deployment.</summary>
internal static class ThroughputCommand
{
    private static readonly Option<string> Host = new("--host")
    {
        Description = "IotAnalytics.Web.dll or a published executable. Default: the one built with this program.",
        DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "IotAnalytics.Web.dll"),
    };

    private static readonly Option<int> Readings = new("--readings") { Description = "Readings of an unpaced run.", DefaultValueFactory = _ => 2_000_000 };
    private static readonly Option<int> Batch = new("--batch") { Description = "Readings per request, at most 5,000.", DefaultValueFactory = _ => 1_000 };
    private static readonly Option<int> Sensors = new("--sensors") { Description = "Sensors of the fleet.", DefaultValueFactory = _ => 1_000 };
    private static readonly Option<int> Connections = new("--connections") { Description = "Requests under way at once.", DefaultValueFactory = _ => 4 };
    private static readonly Option<double> Rate = new("--rate") { Description = "Readings per second; 0: as fast as they are taken.", DefaultValueFactory = _ => 0 };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "Length of a paced run.", DefaultValueFactory = _ => 30 };
    private static readonly Option<double?> Span = new("--span") { Description = "Seconds of event time in an unpaced run. Default: as at 200,000 readings a second." };
    private static readonly Option<double> AnomalyRate = new("--anomaly-rate") { Description = "Share of anomalous readings.", DefaultValueFactory = _ => 0.001 };
    private static readonly Option<string?> Data = new("--data") { Description = "Folder for the host's data, kept afterwards. Default: a temporary one." };
    private static readonly Option<string[]> Settings = new("--set") { Description = "A setting of the host, Section:Key=value; may be repeated." };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object instead of text." };

    public static Command Create()
    {
        var command = new Command("throughput", "Readings per second from the first POST until all rows are in all layers, with a host in a process of its own.")
        {
            Host, Readings, Batch, Sensors, Connections, Rate, Seconds, Span, AnomalyRate, Data, Settings, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var readings = parsed.GetValue(Readings);
        var options = new ThroughputOptions(
            parsed.GetRequiredValue(Host),
            readings,
            parsed.GetValue(Batch),
            parsed.GetValue(Sensors),
            Math.Min(parsed.GetValue(Connections), parsed.GetValue(Sensors)),
            parsed.GetValue(Rate),
            parsed.GetValue(Seconds),
            parsed.GetValue(Span) ?? readings / 200_000.0,
            parsed.GetValue(AnomalyRate),
            parsed.GetValue(Data),
            parsed.GetValue(Settings) ?? []);
        try
        {
            var report = await new ThroughputRun(options, ConfiguredProfiles.Find(name: null)).RunAsync(cancellationToken);
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(Json) ? report.ToJson() : report.ToText());
            return report.Complete && report.ProbesMissed == 0 ? 0 : 1;
        }
        catch (Exception e) when (e is MeasurementException or ReadingsTargetException or HttpRequestException)
        {
            parsed.InvocationConfiguration.Error.WriteLine(e.Message);
            return 1;
        }
    }
}

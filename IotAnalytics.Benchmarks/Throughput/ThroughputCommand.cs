using System.CommandLine;
using System.Text.Json;
using IotAnalytics.Benchmarks.Production;
using IotAnalytics.Core.Simulation;
using IotAnalytics.Core.Simulation.Targets;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary><c>throughput</c>: end to end on the embedded deployment, or on real servers.</summary>
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
    private static readonly Option<string> Deployment = new("--deployment")
    {
        Description = "embedded: readings over HTTP. production: readings that wait in Kafka; with PostgreSQL, and the lake on S3.",
        DefaultValueFactory = _ => "embedded",
    };

    private static readonly Option<string?> ServersFolder = new("--servers") { Description = "production: folder of kafka/kafka, postgres and s3/s3. Default: IOT_TEST_SERVERS." };
    private static readonly Option<int> Hosts = new("--hosts") { Description = "production: hosts that share the work.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Partitions = new("--partitions") { Description = "production: partitions of the topic.", DefaultValueFactory = _ => 12 };
    private static readonly Option<string> LakeOn = new("--lake") { Description = "production: s3, or folder.", DefaultValueFactory = _ => "s3" };
    private static readonly Option<bool> Restart = new("--restart") { Description = "production: a host has run before and made schema, buckets and model." };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object instead of text." };

    public static Command Create()
    {
        var command = new Command("throughput", "Readings per second from the first POST until all rows are in all layers, with a host in a process of its own.")
        {
            Host, Readings, Batch, Sensors, Connections, Rate, Seconds, Span, AnomalyRate, Data, Settings, Deployment, ServersFolder, Hosts, Partitions, LakeOn, Restart, Json,
        };
        Deployment.AcceptOnlyFromAmong("embedded", "production");
        LakeOn.AcceptOnlyFromAmong("s3", "folder");
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var readings = parsed.GetValue(Readings);
        var isProduction = parsed.GetValue(Deployment) == "production";
        if (isProduction && parsed.GetValue(Rate) == 0)
        {
            return await RunProductionAsync(parsed, cancellationToken);
        }

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
            var report = isProduction
                ? await RunPacedProductionAsync(parsed, options, cancellationToken)
                : await new ThroughputRun(options, ConfiguredProfiles.Find(name: null)).RunAsync(cancellationToken);
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(Json) ? report.ToJson() : report.ToText());
            return report.Complete && report.ProbesMissed == 0 ? 0 : 1;
        }
        catch (Exception e) when (e is MeasurementException or ReadingsTargetException or HttpRequestException)
        {
            parsed.InvocationConfiguration.Error.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>A host on a real broker and PostgreSQL that gets readings over HTTP at a rate; its lake is a folder.</summary>
    private static async Task<ThroughputReport> RunPacedProductionAsync(ParseResult parsed, ThroughputOptions options, CancellationToken cancellationToken)
    {
        var folder = options.DataDirectory is { } kept ? Directory.CreateDirectory(kept).FullName : Directory.CreateTempSubdirectory("iot-production-").FullName;
        try
        {
            await using var servers = await Servers.StartAsync(parsed.GetValue(ServersFolder), folder, cancellationToken);
            var host = Path.Combine(folder, "host");
            var deployment = await Production.Deployment.CreateAsync(servers, parsed.GetValue(Partitions), Path.Combine(host, "lake"), cancellationToken);
            await ServeBeforeAsync(servers, cancellationToken);
            var onServers = options with { DataDirectory = host, Settings = [.. deployment.Settings(), .. options.Settings] };
            return await new ThroughputRun(onServers, ConfiguredProfiles.Find(name: null)).RunAsync(cancellationToken);
        }
        finally
        {
            if (options.DataDirectory is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>A broker that has run for a while has given ids to producers and led groups; a new one takes its time for the first of each.</summary>
    private static async Task ServeBeforeAsync(Servers servers, CancellationToken cancellationToken)
    {
        const string Topic = "before";
        await servers.CreateTopicAsync(Topic, partitions: 1);
        using var before = new ProducedReadings(servers.Kafka, Topic, partitions: 1, ConfiguredProfiles.Find(name: null), new SimulationOptions { Sensors = 10 }, batch: 1);
        before.Produce(1_000, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), stepMs: 1);
        before.Flush(cancellationToken);
        TopicReader.Read(servers.Kafka, Topic, before.Records, cancellationToken);
    }

    private static async Task<int> RunProductionAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = new ProductionOptions(
            parsed.GetRequiredValue(Host), parsed.GetValue(ServersFolder), parsed.GetValue(Hosts), parsed.GetValue(Partitions), parsed.GetValue(Readings), parsed.GetValue(Batch),
            parsed.GetValue(Sensors), parsed.GetValue(AnomalyRate), parsed.GetValue(LakeOn) == "s3", parsed.GetValue(Restart), parsed.GetValue(Data), parsed.GetValue(Settings) ?? []);
        try
        {
            var errors = parsed.InvocationConfiguration.Error;
            var report = await new ProductionRun(options, ConfiguredProfiles.Find(name: null)).RunAsync(errors.WriteLine, cancellationToken);
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(Json) ? JsonSerializer.Serialize(report, JsonSerializerOptions.Web) : report.ToText());
            return report.Complete ? 0 : 1;
        }
        catch (Exception e) when (e is MeasurementException or HttpRequestException)
        {
            parsed.InvocationConfiguration.Error.WriteLine(e.Message);
            return 1;
        }
    }
}

using System.CommandLine;
using IotAnalytics.Core.CommitLog.Kafka;
using IotAnalytics.Core.Simulation.Targets;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Web.Commands;

/// <summary>The options of every command that sends readings: <c>--target</c>, <c>--key</c> and <c>--record-time</c>.</summary>
internal sealed class ReadingsTargetOptions
{
    private readonly Option<string> _target = new("--target")
    {
        Description = "Where the readings go: http://host:port, https://host:port or kafka://host:port[,host:port]/topic.",
        DefaultValueFactory = _ => ReadingsTargetAddress.Default,
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = $"The host's API key. Default: the variable {ReadingsTargetKey.EnvironmentVariable}, else the file {ReadingsTargetKey.File} below the working directory.",
    };

    private readonly Option<string> _recordTime = new Option<string>("--record-time")
    {
        Description = "arrival: the host stamps the readings. event: history is loaded, the newest event time of a body becomes its record time (administrator key).",
        DefaultValueFactory = _ => "arrival",
    }.AcceptOnlyFromAmong("arrival", "event");

    public void AddTo(Command command)
    {
        command.Add(_target);
        command.Add(_key);
        command.Add(_recordTime);
    }

    /// <summary>Whether the newest event time of a body becomes its record time.</summary>
    public bool ReadsRecordTimeFromEvents(ParseResult parsed) => parsed.GetValue(_recordTime) == "event";

    /// <param name="lanes">Bodies that may be under way at once over HTTP.</param>
    /// <param name="skipUnreadable">Count a body without a readable reading instead of ending the run.</param>
    /// <exception cref="CommandException">The target is none.</exception>
    public async Task<IReadingsTarget> OpenAsync(ParseResult parsed, int lanes, bool skipUnreadable, TimeProvider time, CancellationToken cancellationToken)
    {
        var text = parsed.GetRequiredValue(_target);
        if (KafkaTargetAddress.IsKafka(text))
        {
            return await OpenKafkaAsync(parsed, text, time, cancellationToken);
        }

        if (!ReadingsTargetAddress.TryParse(text, out var url, out var error))
        {
            throw new CommandException(CommandLine.BadInput, error);
        }

        var options = new HttpTargetOptions
        {
            Url = url,
            Key = ReadingsTargetKey.Find(parsed.GetValue(_key), Directory.GetCurrentDirectory()),
            RecordTimeFromEvents = ReadsRecordTimeFromEvents(parsed),
            SkipUnreadable = skipUnreadable,
        };
        return new HttpReadingsTarget(options, lanes, time);
    }

    private async Task<IReadingsTarget> OpenKafkaAsync(ParseResult parsed, string text, TimeProvider time, CancellationToken cancellationToken)
    {
        var address = KafkaTargetAddress.Parse(text)
            ?? throw new CommandException(CommandLine.BadInput, $"--target '{text}' is not kafka://host:port[,host:port]/topic.");
        if (parsed.GetValue(_key) is not null)
        {
            throw new CommandException(CommandLine.BadInput, "--key is for a host; a kafka:// target takes its credentials from CommitLog:Kafka:Client.");
        }

        var client = SettingsFile.Load([], out _).GetSection($"{KafkaLogOptions.Section}:{nameof(KafkaLogOptions.Client)}").Get<Dictionary<string, string>>() ?? [];
        var check = new KafkaOptionsValidator().Validate(
            Microsoft.Extensions.Options.Options.DefaultName, new KafkaLogOptions { BootstrapServers = address.BootstrapServers, Topic = address.Topic, Client = client });
        return check.Failed
            ? throw new CommandException(CommandLine.BadInput, string.Join(' ', check.Failures))
            : new KafkaReadingsTarget(
                await KafkaTopicWriter.OpenAsync(address, client, ReadsRecordTimeFromEvents(parsed), cancellationToken), ReadsRecordTimeFromEvents(parsed), time);
    }
}

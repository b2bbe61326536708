using System.CommandLine;
using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Web.Commands;

/// <summary>The options of every command that sends readings: <c>--target</c>, <c>--key</c> and <c>--record-time</c>.</summary>
internal sealed class ReadingsTargetOptions
{
    private readonly Option<string> _target = new("--target")
    {
        Description = "Where the readings go: http://host:port or https://host:port.",
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

    /// <exception cref="CommandException">The target is none.</exception>
    public HttpTargetOptions Read(ParseResult parsed)
    {
        if (!ReadingsTargetAddress.TryParse(parsed.GetRequiredValue(_target), out var url, out var error))
        {
            throw new CommandException(CommandLine.BadInput, error);
        }

        return new HttpTargetOptions
        {
            Url = url,
            Key = ReadingsTargetKey.Find(parsed.GetValue(_key), Directory.GetCurrentDirectory()),
            RecordTimeFromEvents = parsed.GetValue(_recordTime) == "event",
        };
    }
}

using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>What annotations cannot say.</summary>
internal sealed class KafkaOptionsValidator : IValidateOptions<KafkaLogOptions>
{
    /// <summary>Set by the host: the guarantees, or another option, rest on them.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "bootstrap.servers", "group.id", "enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset", "check.crcs", "isolation.level",
        "enable.idempotence", "acks", "request.required.acks", "message.timeout.ms", "delivery.timeout.ms", "queued.max.messages.kbytes",
        "enable.partition.eof", "group.instance.id", "partition.assignment.strategy", "allow.auto.create.topics", "group.protocol", "plugin.library.paths", "transactional.id",
    };

    public ValidateOptionsResult Validate(string? name, KafkaLogOptions options)
    {
        var errors = new List<string>();
        var servers = options.BootstrapServers.Split(',', StringSplitOptions.TrimEntries);
        if (!servers.All(IsServer))
        {
            errors.Add($"{KafkaLogOptions.Section}:BootstrapServers = '{options.BootstrapServers}': accepted host:port, several separated by commas");
        }

        if (!StartPlace.TryParse(options.StartFrom, out _))
        {
            errors.Add($"{KafkaLogOptions.Section}:StartFrom = '{options.StartFrom}': accepted Earliest, Latest, or a time like 2026-01-31T12:00:00Z");
        }

        if (options.DeadLetterTopic == options.Topic)
        {
            errors.Add($"{KafkaLogOptions.Section}:DeadLetterTopic = '{options.DeadLetterTopic}': accepted another topic than Topic, or nothing");
        }

        foreach (var key in options.Client.Keys.Where(k => Reserved.Contains(PropertyName(k))))
        {
            errors.Add($"{KafkaLogOptions.Section}:Client:{key}: set by the host, cannot be changed");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>librdkafka's name of a property; environment variables cannot carry dots everywhere.</summary>
    public static string PropertyName(string key) => key.Replace('_', '.');

    public static bool IsServer(string server)
    {
        var colon = server.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(server.AsSpan(colon + 1), out var port) && port > 0;
    }
}

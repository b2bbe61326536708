using System.Text.RegularExpressions;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>A topic as the value of <c>--target</c>: <c>kafka://host:port[,host:port]/topic</c>.</summary>
internal sealed partial record KafkaTargetAddress(string BootstrapServers, string Topic)
{
    private const string Scheme = "kafka://";

    /// <summary>Whether the text means a topic, well formed or not.</summary>
    public static bool IsKafka(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>The address, or null when the text is none.</summary>
    public static KafkaTargetAddress? Parse(string text)
    {
        if (!IsKafka(text))
        {
            return null;
        }

        var rest = text[Scheme.Length..];
        var slash = rest.IndexOf('/');
        return slash > 0 && rest[..slash].Split(',').All(KafkaOptionsValidator.IsServer) && TopicName().IsMatch(rest[(slash + 1)..])
            ? new KafkaTargetAddress(rest[..slash], rest[(slash + 1)..])
            : null;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,249}\z")]
    private static partial Regex TopicName();
}

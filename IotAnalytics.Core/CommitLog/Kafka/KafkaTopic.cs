using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>The topic as the cluster describes it.</summary>
/// <param name="MaxMessageBytes">Largest batch that the broker takes, or null when its settings could not be read.</param>
internal sealed record KafkaTopic(string ClusterId, string Name, string TopicId, int Partitions, string TimestampType, int? MaxMessageBytes)
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    /// <summary>Finds the topic, or makes it when that is configured.</summary>
    /// <exception cref="CommitLogException">The cluster cannot be reached, or the topic is missing or unsuited.</exception>
    public static async Task<KafkaTopic> OpenAsync(IAdminClient admin, KafkaClients clients, KafkaLogOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        if (await LookAsync(admin, clients, options, logger, cancellationToken).ConfigureAwait(false) is { } found)
        {
            return found;
        }

        await ReachAsync(() => CreateAsync(admin, options, logger, cancellationToken), clients, options).ConfigureAwait(false);
        return await LookAsync(admin, clients, options, logger, cancellationToken).ConfigureAwait(false)
            ?? throw new CommitLogException($"Kafka topic '{options.Topic}' was made and is gone again.");
    }

    /// <summary>The topic, or null when the cluster has none of that name. Changes nothing.</summary>
    /// <exception cref="CommitLogException">The cluster cannot be reached, or the topic is unsuited.</exception>
    public static Task<KafkaTopic?> LookAsync(IAdminClient admin, KafkaClients clients, KafkaLogOptions options, ILogger logger, CancellationToken cancellationToken) =>
        ReachAsync(
            async () =>
            {
                // An admin request must not time out (see KafkaClients.Lookup); this one may, and tells whether the cluster is there.
                await Task.Run(() => admin.GetMetadata(options.Topic, options.StartTimeout), cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
                var cluster = admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = options.StartTimeout });
                var settings = SettingsAsync(admin, options);
                var found = await FindAsync(admin, options.Topic, options.StartTimeout, cancellationToken).ConfigureAwait(false);
                var clusterId = (await cluster.WaitAsync(cancellationToken).ConfigureAwait(false)).ClusterId;
                var (known, unknownBecause) = await settings.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (found is null)
                {
                    return null;
                }

                if (unknownBecause is not null)
                {
                    // Reading and writing a topic does not need the right to read its settings.
                    Log.SettingsUnknown(logger, options.Topic, unknownBecause);
                }

                if (known.GetValueOrDefault("cleanup.policy", "").Contains("compact", StringComparison.Ordinal))
                {
                    throw new CommitLogException($"Kafka topic '{options.Topic}' is compacted (cleanup.policy): readings would vanish from it. Use another topic, or set cleanup.policy to delete.");
                }

                return new KafkaTopic(
                    clusterId, options.Topic, found.TopicId.ToString(), found.Partitions.Count, known.GetValueOrDefault("message.timestamp.type", "CreateTime"),
                    known.TryGetValue("max.message.bytes", out var bytes) ? int.Parse(bytes, CultureInfo.InvariantCulture) : null);
            },
            clients, options);

    /// <summary>The topic's description, or null when the cluster has none of that name.</summary>
    public static async Task<TopicDescription?> FindAsync(IAdminClient admin, string topic, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var result = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = timeout })
                .WaitAsync(cancellationToken).ConfigureAwait(false);
            return result.TopicDescriptions.Single();
        }
        catch (DescribeTopicsException e) when (e.Results.TopicDescriptions.Any(t => t.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic))
        {
            return null;
        }
    }

    private static async Task<TopicDescription> CreateAsync(IAdminClient admin, KafkaLogOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        if (!options.CreateTopic)
        {
            throw new CommitLogException(
                $"Kafka at {options.BootstrapServers} has no topic '{options.Topic}': make it, or set {KafkaLogOptions.Section}:CreateTopic to true.");
        }

        var specification = new TopicSpecification
        {
            Name = options.Topic,
            NumPartitions = options.Partitions,
            ReplicationFactor = (short)options.ReplicationFactor,
            Configs = new Dictionary<string, string>
            {
                ["cleanup.policy"] = "delete",
                ["message.timestamp.type"] = options.TimestampType,
                ["retention.ms"] = (options.Retention > TimeSpan.Zero ? (long)options.Retention.TotalMilliseconds : -1).ToString(CultureInfo.InvariantCulture),
            },
        };
        try
        {
            await admin.CreateTopicsAsync([specification], new CreateTopicsOptions { RequestTimeout = options.StartTimeout, OperationTimeout = options.StartTimeout })
                .WaitAsync(cancellationToken).ConfigureAwait(false);
            Log.TopicCreated(logger, options.Topic, options.Partitions);
        }
        catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Another host was faster.
        }

        // The brokers hear of a new topic one after the other.
        for (var waited = TimeSpan.Zero; waited < options.StartTimeout; waited += Between)
        {
            if (await FindAsync(admin, options.Topic, options.StartTimeout, cancellationToken).ConfigureAwait(false) is { } found && found.Partitions.All(p => p.Leader is not null))
            {
                return found;
            }

            await Task.Delay(Between, cancellationToken).ConfigureAwait(false);
        }

        throw new CommitLogException($"Kafka topic '{options.Topic}' was made, but its partitions have no leader after {options.StartTimeout}.");
    }

    private static async Task<(Dictionary<string, string> Known, string? UnknownBecause)> SettingsAsync(IAdminClient admin, KafkaLogOptions options)
    {
        try
        {
            var results = await admin.DescribeConfigsAsync(
                [new ConfigResource { Type = ResourceType.Topic, Name = options.Topic }], new DescribeConfigsOptions { RequestTimeout = options.StartTimeout }).ConfigureAwait(false);
            return (results.Single().Entries.Values.Where(e => e.Value is not null).ToDictionary(e => e.Name, e => e.Value, StringComparer.Ordinal), null);
        }
        catch (DescribeConfigsException e)
        {
            return ([], e.Results[0].Error.Reason);
        }
    }

    private static async Task<T> ReachAsync<T>(Func<Task<T>> ask, KafkaClients clients, KafkaLogOptions options)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            throw new CommitLogException(
                $"Kafka at {options.BootstrapServers} cannot be used: {e.Error.Reason}{(clients.LastError is { } last && last != e.Error.Reason ? $" ({last})" : "")}.", e);
        }
    }
}

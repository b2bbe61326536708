using System.Data.Common;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Gives the opened log its number in the database. A log that is not the one the database has read so far (deleted, recreated,
/// another cluster) is refused: its offsets would be taken for the old ones.
/// </summary>
internal sealed partial class SourceRegistry(DatabaseWriter writer, IOptions<CommitLogOptions> options, TimeProvider time, ILogger<SourceRegistry> logger)
{
    public Task<int> OpenAsync(LogSource log, CancellationToken cancellationToken) =>
        writer.WriteAsync(transaction => Open(transaction, log), cancellationToken);

    private int Open(DbTransaction transaction, LogSource log)
    {
        transaction.TakeTurn("source");
        var now = DbTime.From(time.GetUtcNow());
        foreach (var (id, clusterId, topic, topicId) in ReadOpen(transaction, log.Kind))
        {
            if (topic != log.Topic || (clusterId == log.ClusterId && topicId == log.TopicId))
            {
                continue;
            }

            if (options.Value.OnSourceReset != "StartNewSource")
            {
                throw new CommitLogException(
                    $"The {log.Kind} log '{log.Topic}' is not the one the database has read (id {Id(log.ClusterId, log.TopicId)}, known {Id(clusterId, topicId)}). "
                    + "Restore the log, or set CommitLog:OnSourceReset to StartNewSource to go on with the new one from its start.");
            }

            transaction.Execute("UPDATE source SET closed_at = @now WHERE source_id = @id", ("@now", now), ("@id", id));
            LogSourceReset(log.Kind, log.Topic, id);
        }

        transaction.Execute(
            "INSERT INTO source (kind, cluster_id, topic, topic_id, opened_at) VALUES (@kind, @cluster, @topic, @topic_id, @now) "
            + "ON CONFLICT (kind, cluster_id, topic) WHERE closed_at IS NULL DO NOTHING",
            ("@kind", log.Kind), ("@cluster", log.ClusterId), ("@topic", log.Topic), ("@topic_id", log.TopicId), ("@now", now));
        using var select = transaction.Query(
            "SELECT source_id FROM source WHERE kind = @kind AND cluster_id = @cluster AND topic = @topic AND closed_at IS NULL",
            ("@kind", log.Kind), ("@cluster", log.ClusterId), ("@topic", log.Topic));
        return Convert.ToInt32(select.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string Id(string clusterId, string topicId) => topicId.Length == 0 ? clusterId : $"{clusterId}/{topicId}";

    private static List<(int Id, string ClusterId, string Topic, string TopicId)> ReadOpen(DbTransaction transaction, string kind)
    {
        using var command = transaction.Query(
            "SELECT source_id, cluster_id, topic, topic_id FROM source WHERE kind = @kind AND closed_at IS NULL", ("@kind", kind));
        using var reader = command.ExecuteReader();
        var open = new List<(int, string, string, string)>();
        while (reader.Read())
        {
            open.Add((reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetString(3)));
        }

        return open;
    }

    [LoggerMessage(Diagnostics.EventIds.SourceReset, LogLevel.Warning, "The {Kind} log {Topic} was replaced; source {SourceId} is closed and a new one begins")]
    private partial void LogSourceReset(string kind, string topic, int sourceId);
}

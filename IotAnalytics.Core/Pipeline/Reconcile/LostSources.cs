using System.Data.Common;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake.Reconcile;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Pipeline.Reconcile;

/// <summary>
/// Sources that the lake names and the database does not know: it is older than their logs, or new. The newest of them can only be the log that is
/// configured now; what came before it was closed.
/// </summary>
internal sealed class LostSources(ICommitLog log, DatabaseWriter writer, TimeProvider time)
{
    private const string Unknown = "unknown";

    /// <summary>Opens the log, which must be the one that the lake was made from, and registers it under the number that the lake has for it.</summary>
    /// <exception cref="ReconcileException">The configured log is a source that the database knows.</exception>
    /// <exception cref="CommitLogException">The log cannot be opened.</exception>
    public async Task RegisterAsync(IReadOnlyCollection<int> sources, CancellationToken cancellationToken)
    {
        await log.OpenAsync(cancellationToken).ConfigureAwait(false);
        var now = DbTime.From(time.GetUtcNow());
        await writer.WriteAsync(transaction => Register(transaction, log.Source, [.. sources.Order()], now), cancellationToken).ConfigureAwait(false);
    }

    private static void Register(DbTransaction transaction, LogSource source, int[] sources, DbTime now)
    {
        transaction.TakeTurn("source");
        using (var known = transaction.Query(
            "SELECT source_id FROM source WHERE kind = @kind AND cluster_id = @cluster AND topic = @topic AND topic_id = @topic_id AND closed_at IS NULL",
            ("@kind", source.Kind), ("@cluster", source.ClusterId), ("@topic", source.Topic), ("@topic_id", source.TopicId)))
        {
            if (known.ExecuteScalar() is { } id)
            {
                throw new ReconcileException(
                    $"The lake holds source {sources[^1]}, which the database does not know, and the configured log is source {id}: another log was read after this copy was made. Configure that one.");
            }
        }

        transaction.Execute(
            "UPDATE source SET closed_at = @now WHERE kind = @kind AND topic = @topic AND closed_at IS NULL", ("@now", now), ("@kind", source.Kind), ("@topic", source.Topic));
        foreach (var id in sources)
        {
            var (isNewest, closedAt) = (id == sources[^1], id == sources[^1] ? (DbTime?)null : now);
            transaction.Execute(
                "INSERT INTO source (source_id, kind, cluster_id, topic, topic_id, opened_at, closed_at) VALUES (@id, @kind, @cluster, @topic, @topic_id, @now, @closed)",
                ("@id", id), ("@kind", source.Kind), ("@cluster", isNewest ? source.ClusterId : Unknown), ("@topic", isNewest ? source.Topic : Unknown),
                ("@topic_id", isNewest ? source.TopicId : ""), ("@now", now), ("@closed", closedAt));
        }

        if (transaction.IsPostgreSql())
        {
            // The numbers were given by hand: the next one must be above them.
            transaction.Execute("SELECT setval(pg_get_serial_sequence('source', 'source_id'), (SELECT max(source_id) FROM source))");
        }
    }
}

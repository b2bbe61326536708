using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>The statements that bring the database's rows about the tables to what the logs say; part of one transaction.</summary>
internal static class ReconcileSql
{
    /// <param name="found">The rows of the table's unknown files.</param>
    public static void BringUp(DbTransaction transaction, TablePlan table, IReadOnlyList<LakeFile> found, DbTime now)
    {
        var (name, log) = (table.Table.Name, table.Survey.Snapshot);
        foreach (var file in found)
        {
            LakeFileSql.Insert(transaction, file);
        }

        if (!table.HasWork)
        {
            // A commit may wait for its PUT here: its version is above the log's, and stays.
            return;
        }

        if (log.MetaData is { } metaData)
        {
            transaction.Execute(
                """
                INSERT INTO delta_table AS t (table_name, delta_id, version, checkpoint_version) VALUES (@table, @id, @version, @checkpoint)
                ON CONFLICT (table_name) DO UPDATE SET delta_id = excluded.delta_id, version = excluded.version,
                  checkpoint_version = COALESCE(excluded.checkpoint_version, t.checkpoint_version)
                """,
                ("@table", name), ("@id", metaData.Id), ("@version", log.Version), ("@checkpoint", table.Survey.Checkpoint));
        }

        transaction.Execute(
            "UPDATE delta_commit SET published_at = @now WHERE table_name = @table AND published_at IS NULL AND version <= @version",
            ("@now", now), ("@table", name), ("@version", log.Version));
        foreach (var file in table.Added)
        {
            transaction.Execute(
                "UPDATE lake_file SET added_version = @version WHERE object_key = @key",
                ("@version", table.Survey.AddedIn.GetValueOrDefault(table.Table.RelativePath(file.ObjectKey), log.Version)), ("@key", file.ObjectKey));
        }

        foreach (var file in table.Gone)
        {
            transaction.Execute(
                "UPDATE lake_file SET added_version = COALESCE(added_version, @version), removed_version = @version, removed_at = @now WHERE object_key = @key",
                ("@version", log.Version), ("@now", now), ("@key", file.ObjectKey));
        }

        foreach (var file in table.Revived)
        {
            transaction.Execute(
                "UPDATE lake_file SET added_version = COALESCE(added_version, @version), removed_version = NULL, removed_at = NULL WHERE object_key = @key",
                ("@version", log.Version), ("@key", file.ObjectKey));
        }
    }

    /// <summary>No job id that is in a name may be given again.</summary>
    public static void RaiseJobs(DbTransaction transaction, long newest) => transaction.Execute(
        """
        INSERT INTO sequence AS s (name, value) VALUES ('rewrite', @newest)
        ON CONFLICT (name) DO UPDATE SET value = CASE WHEN s.value < excluded.value THEN excluded.value ELSE s.value END
        """,
        ("@newest", newest));

    /// <summary>Makes the row of a partition where there is none and takes it: above every epoch that an object bears, so that whoever wrote one is fenced.</summary>
    public static long Claim(DbTransaction transaction, PartitionPlan partition, string owner, DbTime now)
    {
        using var command = transaction.Query(
            """
            INSERT INTO stream_partition AS p (source_id, partition, owner_epoch, owner, claimed_at, fast_offset, rollup_offset, lake_offset)
            VALUES (@s, @p, @newest + 1, @owner, @now, @start, @start, @start)
            ON CONFLICT (source_id, partition) DO UPDATE SET owner = excluded.owner, claimed_at = excluded.claimed_at,
              owner_epoch = CASE WHEN p.owner_epoch > @newest THEN p.owner_epoch ELSE @newest END + 1
            RETURNING owner_epoch
            """,
            ("@s", partition.Key.SourceId), ("@p", partition.Key.Partition), ("@newest", partition.NewestEpoch), ("@owner", owner), ("@now", now), ("@start", partition.Start));
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Moves the offsets to the target, where the lake is then.</summary>
    /// <exception cref="ReconcileException">Somebody else has claimed the partition.</exception>
    public static void Move(DbTransaction transaction, PartitionPlan partition, long epoch, string? stateObject, string? stateSha256, DbTime now)
    {
        var moved = transaction.Execute(
            """
            UPDATE stream_partition SET lake_offset = @target, state_object = COALESCE(@object, state_object), state_sha256 = COALESCE(@sha, state_sha256),
              rollup_offset = CASE WHEN rollup_offset < @target THEN @target ELSE rollup_offset END,
              fast_offset = CASE WHEN fast_offset < @target THEN @target ELSE fast_offset END
            WHERE source_id = @s AND partition = @p AND owner_epoch = @e AND lake_offset = @start
            """,
            ("@target", partition.Target), ("@object", stateObject), ("@sha", stateSha256),
            ("@s", partition.Key.SourceId), ("@p", partition.Key.Partition), ("@e", epoch), ("@start", partition.Start));
        if (moved != 1)
        {
            throw new ReconcileException(
                $"Source {partition.Key.SourceId}, partition {partition.Key.Partition} was claimed by somebody else meanwhile. Stop every host, then run it again.");
        }

        foreach (var (first, next) in partition.Lost)
        {
            transaction.Execute(
                "INSERT INTO lost_range (source_id, partition, first_offset, next_offset, seen_at) VALUES (@s, @p, @first, @next, @now) ON CONFLICT DO NOTHING",
                ("@s", partition.Key.SourceId), ("@p", partition.Key.Partition), ("@first", first), ("@next", next), ("@now", now));
        }
    }
}

using System.Data.Common;
using System.Globalization;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>The statements of T3. All run inside the transaction that the caller holds, which is the lock on the tables.</summary>
internal static class DeltaTableSql
{
    /// <summary>The table's row, made when it is not there, locked until the transaction ends: the turn of one publisher over all hosts.</summary>
    public static (string DeltaId, long Version) Ensure(DbTransaction transaction, string table, string newId)
    {
        Command(transaction, "INSERT INTO delta_table (table_name, delta_id, version) VALUES (@table, @id, -1) ON CONFLICT DO NOTHING")
            .Add("@table", table).Add("@id", newId).Run();
        using var command = Command(transaction, $"SELECT delta_id, version FROM delta_table WHERE table_name = @table{transaction.ForUpdate()}").Add("@table", table);
        using var reader = command.ExecuteReader();
        reader.Read();
        return (reader.GetString(0), reader.GetInt64(1));
    }

    /// <summary>The frozen commit that waits for its PUT, or null.</summary>
    public static DeltaPending? Pending(DbTransaction transaction, string table)
    {
        using var command = Command(
            transaction, "SELECT version, body FROM delta_commit WHERE table_name = @table AND published_at IS NULL ORDER BY version LIMIT 1").Add("@table", table);
        using var reader = command.ExecuteReader();
        return reader.Read() ? new DeltaPending(reader.GetInt64(0), reader.GetString(1)) : null;
    }

    /// <summary>Files that no version has, in the order of their cuts.</summary>
    public static List<DeltaWaitingFile> Waiting(DbTransaction transaction, string table, int limit)
    {
        using var command = Command(
            transaction,
            """
            SELECT object_key, source_id, partition, first_offset, next_offset, partition_date, byte_count, stats FROM lake_file
            WHERE table_name = @table AND added_version IS NULL AND removed_version IS NULL
            ORDER BY source_id, partition, first_offset, object_key LIMIT @limit
            """).Add("@table", table).Add("@limit", limit);
        using var reader = command.ExecuteReader();
        var files = new List<DeltaWaitingFile>();
        while (reader.Read())
        {
            files.Add(new DeltaWaitingFile(
                reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetInt64(3), reader.GetInt64(4), LakeFileSql.Date(reader.GetFieldValue<DateOnly>(5)), reader.GetInt64(6),
                reader.IsDBNull(7) ? null : reader.GetString(7)));
        }

        return files;
    }

    public static void SetAdded(DbTransaction transaction, IEnumerable<string> keys, long version)
    {
        using var command = Command(transaction, "UPDATE lake_file SET added_version = @version WHERE object_key = @key AND added_version IS NULL")
            .Add("@version", version).Add("@key", "");
        foreach (var key in keys)
        {
            command.Parameters[1].Value = key;
            RequireOne(command.ExecuteNonQuery(), key);
        }
    }

    /// <summary>Size and date of a file that must be live; null when it is not.</summary>
    public static (long Bytes, string Date)? Live(DbTransaction transaction, string key)
    {
        using var command = Command(
            transaction, "SELECT byte_count, partition_date FROM lake_file WHERE object_key = @key AND added_version IS NOT NULL AND removed_version IS NULL").Add("@key", key);
        using var reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(0), LakeFileSql.Date(reader.GetFieldValue<DateOnly>(1))) : null;
    }

    public static void SetRemoved(DbTransaction transaction, string key, long version, DateTimeOffset now) => RequireOne(
        Command(transaction, "UPDATE lake_file SET removed_version = @version, removed_at = @now WHERE object_key = @key AND removed_version IS NULL")
            .Add("@version", version).Add("@now", DbTime.From(now)).Add("@key", key).Run(),
        key);

    /// <summary>Freezes the body as the next version.</summary>
    public static void Commit(DbTransaction transaction, string table, long version, string body)
    {
        Command(transaction, "INSERT INTO delta_commit (table_name, version, body) VALUES (@table, @version, @body)")
            .Add("@table", table).Add("@version", version).Add("@body", body).Run();
        RequireOne(
            Command(transaction, "UPDATE delta_table SET version = @version WHERE table_name = @table AND version = @version - 1")
                .Add("@table", table).Add("@version", version).Run(),
            table);
    }

    public static void SetPublished(DbTransaction transaction, string table, long version, DateTimeOffset now) => Command(
            transaction, "UPDATE delta_commit SET published_at = @now WHERE table_name = @table AND version = @version AND published_at IS NULL")
        .Add("@now", DbTime.From(now)).Add("@table", table).Add("@version", version).Run();

    public static void SetCheckpoint(DbTransaction transaction, string table, long version) => Command(
            transaction, "UPDATE delta_table SET checkpoint_version = @version WHERE table_name = @table AND COALESCE(checkpoint_version, -1) < @version")
        .Add("@table", table).Add("@version", version).Run();

    /// <summary>The published version when it is <paramref name="every"/> versions past the last checkpoint, else null.</summary>
    public static long? CheckpointDue(DbTransaction transaction, string table, int every)
    {
        using var command = Command(
            transaction,
            """
            SELECT published - COALESCE(checkpoint_version, 0) >= @every, published FROM (
              SELECT checkpoint_version, version - (SELECT count(*) FROM delta_commit c WHERE c.table_name = t.table_name AND c.published_at IS NULL) AS published
              FROM delta_table t WHERE table_name = @table) AS d
            """).Add("@table", table).Add("@every", every);
        using var row = command.ExecuteReader();
        return row.Read() && row.GetBoolean(0) ? row.GetInt64(1) : null;
    }

    /// <summary>The newest version of each table.</summary>
    public static Dictionary<string, long> Versions(DbTransaction transaction)
    {
        using var command = Command(transaction, "SELECT table_name, version FROM delta_table");
        using var rows = command.ExecuteReader();
        var versions = new Dictionary<string, long>();
        while (rows.Read())
        {
            versions.Add(rows.GetString(0), rows.GetInt64(1));
        }

        return versions;
    }

    /// <summary>The lake's next offset of each partition.</summary>
    public static Dictionary<(int SourceId, int Partition), long> LakeOffsets(DbTransaction transaction)
    {
        using var command = Command(transaction, "SELECT source_id, partition, lake_offset FROM stream_partition");
        using var rows = command.ExecuteReader();
        var offsets = new Dictionary<(int SourceId, int Partition), long>();
        while (rows.Read())
        {
            offsets.Add((rows.GetInt32(0), rows.GetInt32(1)), rows.GetInt64(2));
        }

        return offsets;
    }

    /// <summary>A number that was never given before.</summary>
    public static long Next(DbTransaction transaction, string sequence)
    {
        using var command = Command(
            transaction, "INSERT INTO sequence (name, value) VALUES (@name, 1) ON CONFLICT (name) DO UPDATE SET value = sequence.value + 1 RETURNING value").Add("@name", sequence);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    internal static DbCommand Command(DbTransaction transaction, string sql)
    {
        var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return command;
    }

    internal static int Run(this DbCommand command)
    {
        using (command)
        {
            return command.ExecuteNonQuery();
        }
    }

    private static void RequireOne(int rows, string what)
    {
        if (rows != 1)
        {
            throw new InvalidOperationException($"{what}: {rows} rows were changed where exactly one was expected.");
        }
    }
}

/// <summary>A frozen commit.</summary>
internal sealed record DeltaPending(long Version, string Body);

/// <summary>A file that waits for the publisher.</summary>
internal sealed record DeltaWaitingFile(
    string Key, int SourceId, int Partition, long FirstOffset, long NextOffset, string Date, long Bytes, string? Stats);

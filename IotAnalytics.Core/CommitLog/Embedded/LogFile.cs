using IotAnalytics.Core.Persistence.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>How <c>log.db</c> is made, recognised and opened.</summary>
internal static class LogFile
{
    /// <summary>"IOTL", so that no other SQLite file is taken for a log.</summary>
    private const long ApplicationId = 0x494F544C;

    private const long FormatVersion = 1;

    /// <summary>Partition and offset share the row id: 8 bits and 48 bits. Rows of a partition lie together and in order.</summary>
    private const int OffsetBits = 48;

    // Before the file has its first page; on an existing file the vacuum mode would be written again, which a full disk refuses.
    private const string CreationPragmas = "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; ";

    private const string Pragmas = """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA cache_size = -4096;
        PRAGMA temp_store = MEMORY;
        PRAGMA journal_size_limit = 67108864;
        """;

    private const string Schema = """
        CREATE TABLE log (id INTEGER PRIMARY KEY CHECK (id = 1), cluster_id TEXT NOT NULL, created_at INTEGER NOT NULL, request_bytes INTEGER NOT NULL);
        CREATE TABLE partition (partition INTEGER PRIMARY KEY, start_offset INTEGER NOT NULL, next_offset INTEGER NOT NULL, byte_count INTEGER NOT NULL);
        CREATE TABLE record (
          id INTEGER PRIMARY KEY, record_time INTEGER NOT NULL, value BLOB NOT NULL,
          partition INTEGER AS (id >> 48) VIRTUAL, record_offset INTEGER AS (id & 0xffffffffffff) VIRTUAL, byte_count INTEGER AS (length(value)) VIRTUAL);
        CREATE TABLE request (
          id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body_sha256 TEXT NOT NULL, answer TEXT NOT NULL, positions TEXT NOT NULL,
          created_at INTEGER NOT NULL, byte_count INTEGER NOT NULL);
        """;

    public static long RowId(int partition, long offset) => ((long)partition << OffsetBits) | offset;

    public static long OffsetOf(long rowId) => rowId & ((1L << OffsetBits) - 1);

    /// <summary>The writer's connection; makes the file when there is none.</summary>
    /// <exception cref="CommitLogException">Not our file, a newer one, a damaged one, or one that cannot be opened.</exception>
    public static SqliteConnection OpenWriter(string path, TimeProvider time)
    {
        if (File.Exists(path) && new FileInfo(path).Length == 0 && File.Exists(path + "-wal") && new FileInfo(path + "-wal").Length > 0)
        {
            // SQLite would take the empty file for a new one and drop the write-ahead log, which holds the records.
            throw new CommitLogException($"The commit log {path} is empty although its write-ahead log is not: it is damaged. Restore it, or move both files away.");
        }

        var connection = Connect(path);
        try
        {
            connection.Open();
            SqliteDatabase.RequireVersion(connection);
            var tables = Scalar(connection, "SELECT count(*) FROM sqlite_schema");
            var applicationId = Scalar(connection, "PRAGMA application_id");
            var version = Scalar(connection, "PRAGMA user_version");
            if (tables > 0 && applicationId != ApplicationId)
            {
                throw new CommitLogException($"{path} is an SQLite database, but not a commit log; move it away.");
            }

            if (version > FormatVersion)
            {
                throw new CommitLogException($"The commit log {path} has format {version}, made by a newer version; this one reads up to {FormatVersion}.");
            }

            Execute(connection, tables == 0 ? CreationPragmas + Pragmas : Pragmas);
            if (tables == 0)
            {
                Create(connection, time);
            }

            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new CommitLogException($"The commit log {path} cannot be opened: {Describe(e)}.", e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A further connection, to read.</summary>
    public static SqliteConnection OpenReader(string path)
    {
        var connection = Connect(path);
        connection.Open();
        Execute(connection, "PRAGMA cache_size = -2048; PRAGMA query_only = 1;");
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>What went wrong, for an operator.</summary>
    public static string Describe(SqliteException e) => e.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => "the disk is full",
        raw.SQLITE_NOTADB => "it is not an SQLite database",
        raw.SQLITE_CORRUPT => "it is damaged (" + e.Message + ")",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another program has it open",
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_CANTOPEN => "it cannot be written (" + e.Message + ")",
        _ => e.Message,
    };

    private static SqliteConnection Connect(string path) => new(new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Pooling = false,
        DefaultTimeout = 10,
    }.ToString());

    private static void Create(SqliteConnection connection, TimeProvider time)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        Execute(connection, Schema + $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {FormatVersion};");
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO log VALUES (1, $cluster, $created, 0)";
        command.Parameters.AddWithValue("$cluster", Guid.NewGuid().ToString("n"));
        command.Parameters.AddWithValue("$created", time.GetUtcNow().ToUnixTimeMilliseconds());
        command.ExecuteNonQuery();
        transaction.Commit();
    }
}

using Microsoft.Data.Sqlite;

namespace IotAnalytics.Core.Persistence.Sqlite;

/// <summary>How SQLite is opened. WAL; every commit is fsynced (synchronous=FULL).</summary>
internal static class SqliteDatabase
{
    /// <summary>Older versions have a WAL bug that can corrupt a database under several connections.</summary>
    private static readonly Version MinimumVersion = new(3, 51, 3);

    public static string ConnectionString(string path) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWriteCreate,
        ForeignKeys = false,
        DefaultTimeout = 30,
    }.ToString();

    /// <exception cref="InvalidOperationException">An older SQLite was loaded.</exception>
    public static void RequireVersion(SqliteConnection connection)
    {
        if (Version.Parse(connection.ServerVersion) < MinimumVersion)
        {
            throw new InvalidOperationException($"SQLite {connection.ServerVersion} was loaded; at least {MinimumVersion} is needed.");
        }
    }

    public static SqliteConnection OpenWriter(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        RequireVersion(connection);
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY;";
        command.ExecuteNonQuery();
        return connection;
    }
}

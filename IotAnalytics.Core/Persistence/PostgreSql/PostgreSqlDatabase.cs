using Npgsql;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>How PostgreSQL is opened. Tables are in the schema <c>iot</c>.</summary>
internal static class PostgreSqlDatabase
{
    public const string Schema = "iot";

    /// <summary>
    /// The fences against a host that is frozen inside a transaction: its locks end with its idle session, and nobody waits for ever. What the
    /// connection string says of its own wins.
    /// </summary>
    private const string Fences = "-c idle_in_transaction_session_timeout=10s -c statement_timeout=30s";

    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public static string ConnectionString(string configured)
    {
        var builder = new NpgsqlConnectionStringBuilder(configured) { SearchPath = Schema };
        builder.Options = string.IsNullOrEmpty(builder.Options) ? Fences : $"{Fences} {builder.Options}";
        builder.ApplicationName ??= "iot-analytics";
        builder.TcpKeepAlive = true;
        if (builder.TcpKeepAliveTime == 0)
        {
            (builder.TcpKeepAliveTime, builder.TcpKeepAliveInterval) = (10, 5);
        }

        return builder.ConnectionString;
    }

    /// <summary>One pool for the whole process.</summary>
    public static NpgsqlDataSource Open(string configured) => new NpgsqlDataSourceBuilder(ConnectionString(configured)).Build();
}

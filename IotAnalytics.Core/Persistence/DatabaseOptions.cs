using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Core.Persistence;

/// <summary>Section <c>Database</c>.</summary>
public sealed class DatabaseOptions
{
    public const string Section = "Database";

    /// <summary>Key of PostgreSQL's connection string in the configuration.</summary>
    public const string ConnectionKey = "ConnectionStrings:Analytics";

    /// <summary><c>Sqlite</c>: the file <c>analytics.db</c> in the data directory. <c>PostgreSql</c>: the server of <c>ConnectionStrings:Analytics</c>,
    /// which any number of hosts share. Default <c>Sqlite</c>.</summary>
    [Required, AllowedValues("Sqlite", "PostgreSql", ErrorMessage = "accepted: Sqlite, PostgreSql")]
    public string Provider { get; set; } = "Sqlite";

    /// <summary>The database is one that several hosts share.</summary>
    internal bool IsShared => Provider == "PostgreSql";

    /// <summary>Bring the schema up to date at start. Default true.</summary>
    public bool MigrateAtStart { get; set; } = true;
}

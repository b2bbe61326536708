using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Core.Persistence;

/// <summary>Section <c>Database</c>.</summary>
public sealed class DatabaseOptions
{
    public const string Section = "Database";

    /// <summary><c>Sqlite</c>: the file <c>analytics.db</c> in the data directory. Default <c>Sqlite</c>.</summary>
    [Required, AllowedValues("Sqlite", ErrorMessage = "accepted: Sqlite")]
    public string Provider { get; set; } = "Sqlite";

    /// <summary>Bring the schema up to date at start. Default true.</summary>
    public bool MigrateAtStart { get; set; } = true;
}

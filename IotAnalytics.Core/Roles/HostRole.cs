namespace IotAnalytics.Core.Roles;

/// <summary>Work that one of the hosts does for all of them.</summary>
public static class HostRole
{
    /// <summary>Publishes the versions of the Delta tables.</summary>
    public const string Publisher = "publisher";

    /// <summary>Roll-up retention, compaction and vacuum, where every host has a schedule of its own.</summary>
    public const string Upkeep = "upkeep";

    /// <summary>Judges candidates and measures drift.</summary>
    public const string ModelKeeper = "model_keeper";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Publisher, Upkeep, ModelKeeper];
}

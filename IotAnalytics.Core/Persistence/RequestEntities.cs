namespace IotAnalytics.Core.Persistence;

/// <summary>An idempotent request whose records are in a log that cannot remember it itself (Kafka); kept 24 hours.</summary>
public sealed class IdempotentRequestRow
{
    public required string RequestKey { get; set; }
    public required string BodySha256 { get; set; }
    public required string Answer { get; set; }
    /// <summary>Where the records went: <c>partition-offset</c>, separated by commas.</summary>
    public required string Positions { get; set; }
    public DateTime CreatedAt { get; set; }
}

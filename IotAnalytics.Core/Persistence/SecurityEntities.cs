namespace IotAnalytics.Core.Persistence;

/// <summary>An API key; only its hash is kept.</summary>
public sealed class ApiKey
{
    public int KeyId { get; set; }
    public required string Name { get; set; }
    /// <summary><c>administrator</c>; more scopes come.</summary>
    public required string Scope { get; set; }
    /// <summary>The visible beginning of the key.</summary>
    public required string Prefix { get; set; }
    /// <summary>SHA-256 of the whole key, hex.</summary>
    public required string Hash { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime? ExpiresAt { get; set; }
    public DateTime? LastUsedAt { get; set; }
    public DateTime? RevokedAt { get; set; }
}

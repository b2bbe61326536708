namespace IotAnalytics.Core.Persistence;

/// <summary>An API key; only its hash is kept.</summary>
public sealed class ApiKey
{
    public int KeyId { get; set; }
    public required string Name { get; set; }
    /// <summary><c>device</c>, <c>viewer</c>, <c>operator</c>, <c>model_admin</c> or <c>administrator</c>.</summary>
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

/// <summary>Who did what, when and from where. Rows are only ever added: the database refuses to change or delete one.</summary>
public sealed class AuditEntry
{
    public long AuditId { get; set; }
    public DateTime At { get; set; }
    /// <summary>The key's name, <c>login link</c>, <c>command line</c> or <c>host</c>.</summary>
    public required string Actor { get; set; }
    /// <summary>The key that acted, where one did.</summary>
    public int? ActorKeyId { get; set; }
    /// <summary>The remote address, or the machine whose command line or host acted.</summary>
    public required string Source { get; set; }
    /// <summary>Stable name, for example <c>api_key_revoked</c>.</summary>
    public required string Action { get; set; }
    /// <summary>What was acted on, for example <c>api_key/7</c>.</summary>
    public required string Target { get; set; }
    /// <summary>JSON of the target before, where there was one; never a secret.</summary>
    public string? Before { get; set; }
    /// <summary>JSON of the target after, or of what was asked for; never a secret.</summary>
    public string? After { get; set; }
    /// <summary>Joins the entry with the log lines and the answer of the same request.</summary>
    public string? TraceId { get; set; }
}

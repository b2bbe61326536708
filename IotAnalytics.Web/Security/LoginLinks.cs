using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace IotAnalytics.Web.Security;

/// <summary>One-time login tokens of this process: each works once, within 15 minutes.</summary>
internal sealed class LoginLinks(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _tokens = new(StringComparer.Ordinal);

    public string Create()
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        _tokens[KeySecret.Hash(token)!] = time.GetUtcNow() + Lifetime;
        return token;
    }

    /// <summary>True while it waits for its use.</summary>
    public bool IsGood(string token) => KeySecret.Hash(token) is { } hash && _tokens.TryGetValue(hash, out var expires) && time.GetUtcNow() < expires;

    /// <summary>True the first time, before it expires.</summary>
    public bool Redeem(string? token) =>
        KeySecret.Hash(token) is { } hash && _tokens.TryRemove(hash, out var expires) && time.GetUtcNow() < expires;
}

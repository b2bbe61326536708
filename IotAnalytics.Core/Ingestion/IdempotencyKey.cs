using System.Security.Cryptography;

namespace IotAnalytics.Core.Ingestion;

/// <summary>The rules of the header <c>Idempotency-Key</c>.</summary>
internal static class IdempotencyKey
{
    private const int MaxLength = 200;

    /// <summary>1-200 visible ASCII characters.</summary>
    public static bool IsValid(string key) => key.Length is > 0 and <= MaxLength && !key.AsSpan().ContainsAnyExceptInRange('!', '~');

    public static string Sha256(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));
}

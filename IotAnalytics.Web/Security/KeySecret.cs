using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IotAnalytics.Web.Security;

/// <summary>The text of an API key, <c>iot_</c> and 256 random bits in base64url, and what is kept of it.</summary>
internal static class KeySecret
{
    public const string Prefix = "iot_";

    /// <summary>Characters of the key that may be shown in lists.</summary>
    public const int VisibleLength = 10;
    private const int RandomBytes = 32;
    private const int MaxLength = 200;

    public static string Create() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>SHA-256 in hex, or null for a text that cannot be a key. A plain hash is enough: a random key cannot be guessed from it.</summary>
    public static string? Hash(string? key) => key is { Length: > 0 and <= MaxLength }
        ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))
        : null;
}

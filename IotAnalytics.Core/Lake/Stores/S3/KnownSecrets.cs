namespace IotAnalytics.Core.Lake.Stores.S3;

/// <summary>Secrets that everybody knows: the defaults of servers and the examples of manuals.</summary>
internal static class KnownSecrets
{
    private const int ShortestSecret = 8;

    private static readonly HashSet<string> Published = new(StringComparer.OrdinalIgnoreCase)
    {
        "minioadmin", "minio123", "miniosecret", "password", "passw0rd", "password123", "changeme", "change-me", "secretkey", "secret-key", "secret123",
        "admin123", "adminadmin", "administrator", "12345678", "123456789", "zenkopass", "verySecretKey1", "any_secret_key", "some_secret_key",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    };

    /// <summary>Why a pair cannot be used, without naming the secret; null when nothing speaks against it.</summary>
    public static string? Objection(string accessKeyId, string secret) => secret switch
    {
        _ when Published.Contains(secret) => "it is a published default or example; accepted a secret of your own",
        _ when string.Equals(secret, accessKeyId, StringComparison.OrdinalIgnoreCase) => "it is the access key itself; accepted a secret of your own",
        { Length: < ShortestSecret } => $"it is shorter than {ShortestSecret} characters; accepted a longer one",
        _ => null,
    };
}

namespace IotAnalytics.Core;

/// <summary>Secrets that everybody knows: the defaults of servers and the examples of manuals. One list for every server that we log in to.</summary>
internal static class KnownSecrets
{
    private const int ShortestSecret = 8;

    private static readonly HashSet<string> Published = new(StringComparer.OrdinalIgnoreCase)
    {
        // Anything.
        "password", "passw0rd", "p@ssw0rd", "password1", "password123", "passwort", "changeme", "change-me", "change_me", "changeit", "changethis", "secret", "secret123",
        "topsecret", "mysecret", "mypassword", "yourpassword", "your-password", "your_password", "example", "admin123", "adminadmin", "administrator",
        "12345678", "123456789", "1234567890", "qwertyuiop", "letmein", "test1234", "default", "welcome1",
        // Object stores.
        "minioadmin", "minio123", "miniosecret", "secretkey", "secret-key", "zenkopass", "verySecretKey1", "any_secret_key", "some_secret_key",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        // Databases.
        "postgres", "postgresql", "mysecretpassword", "timescale", "timescaledb", "pgpassword", "postgrespassword", "postgres123", "iotanalytics", "iot-analytics", "analytics",
        // Brokers.
        "admin-secret", "alice-secret", "bob-secret", "client-secret", "kafka-secret", "kafkapassword", "kafka123", "broker-secret", "user-secret", "test-secret", "confluent",
    };

    /// <summary>Why a pair cannot be used, without naming the secret; null when nothing speaks against it.</summary>
    public static string? Objection(string user, string secret) => secret switch
    {
        _ when Published.Contains(secret) => "it is a published default or example; accepted a secret of your own",
        _ when string.Equals(secret, user, StringComparison.OrdinalIgnoreCase) => "it is the name that it belongs to; accepted a secret of your own",
        { Length: < ShortestSecret } => $"it is shorter than {ShortestSecret} characters; accepted a longer one",
        _ => null,
    };
}

using System.Data.Common;
using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Kafka;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Jobs;

namespace IotAnalytics.Web.Hosting;

/// <summary>
/// Refuses passwords that everybody knows, of the database and of Kafka; the object store refuses its own, which may come from elsewhere. Also on
/// loopback: whoever is on the machine knows them too, and settings move. No password at all is the server's affair (trust, peer, certificates).
/// Messages name the key, never the value.
/// </summary>
internal static class ConfiguredSecrets
{
    private const string PostgreSql = "PostgreSql";
    private const string EnvironmentPassword = "PGPASSWORD";

    public static IEnumerable<string> Errors(IConfiguration configuration) =>
        [.. Database(configuration), .. Kafka(configuration)];

    private static IEnumerable<string> Database(IConfiguration configuration)
    {
        if (configuration[$"{DatabaseOptions.Section}:{nameof(DatabaseOptions.Provider)}"] != PostgreSql
            && configuration[$"{JobsOptions.Section}:{nameof(JobsOptions.Provider)}"] != PostgreSql)
        {
            yield break;
        }

        var parts = Parts(configuration[DatabaseOptions.ConnectionKey]);
        var user = First(parts, "username", "userid", "uid", "user") ?? "";
        var inText = First(parts, "password", "pwd", "psw");
        if (inText is not null && KnownSecrets.Objection(user, inText) is { } objection)
        {
            yield return $"{DatabaseOptions.ConnectionKey}, Password: {objection}";
        }

        // The driver's own way when the connection string has none.
        if (inText is null && Environment.GetEnvironmentVariable(EnvironmentPassword) is { Length: > 0 } inEnvironment
            && KnownSecrets.Objection(user, inEnvironment) is { } also)
        {
            yield return $"{EnvironmentPassword}: {also}";
        }
    }

    private static IEnumerable<string> Kafka(IConfiguration configuration)
    {
        if (configuration[$"{CommitLogOptions.Section}:{nameof(CommitLogOptions.Provider)}"] != "Kafka")
        {
            yield break;
        }

        var client = configuration.GetSection($"{KafkaLogOptions.Section}:{nameof(KafkaLogOptions.Client)}").GetChildren().ToList();
        string? Value(string property) => client.FirstOrDefault(c => KafkaOptionsValidator.PropertyName(c.Key) == property)?.Value;
        foreach (var secret in client.Where(c => KafkaOptionsValidator.PropertyName(c.Key) is "sasl.password" or "sasl.oauthbearer.client.secret"))
        {
            var user = Value("sasl.username") ?? Value("sasl.oauthbearer.client.id") ?? "";
            if (secret.Value is { Length: > 0 } text && KnownSecrets.Objection(user, text) is { } objection)
            {
                yield return $"{secret.Path}: {objection}";
            }
        }
    }

    /// <summary>By name, without the blanks that some names may have. What is no connection string is refused elsewhere.</summary>
    private static Dictionary<string, string> Parts(string? connectionString)
    {
        var builder = new DbConnectionStringBuilder();
        try
        {
            builder.ConnectionString = connectionString;
        }
        catch (ArgumentException)
        {
            return [];
        }

        return builder.Keys.Cast<string>().ToDictionary(
            k => k.Replace(" ", "", StringComparison.Ordinal), k => $"{builder[k]}", StringComparer.OrdinalIgnoreCase);
    }

    private static string? First(Dictionary<string, string> parts, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (parts.TryGetValue(name, out var value) && value.Length > 0)
            {
                return value;
            }
        }

        return null;
    }
}

using System.Text.RegularExpressions;
using IotAnalytics.Tests.Architecture;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace IotAnalytics.Tests.Deployment.Compose;

/// <summary>docker-compose.yml as compose reads it: anchors merged, variables still in place.</summary>
internal sealed class ComposeFile
{
    private readonly Dictionary<object, object?> _root;

    private ComposeFile(Dictionary<object, object?> root) => _root = root;

    public static string Path => System.IO.Path.Combine(SourceTree.Root, "docker-compose.yml");

    public IReadOnlyDictionary<string, Dictionary<object, object?>> Services => Map(_root["services"]).ToDictionary(s => (string)s.Key, s => Map(s.Value));

    public IEnumerable<string> Volumes => Map(_root["volumes"]).Keys.Cast<string>();

    public Dictionary<object, object?> Networks => Map(_root["networks"]);

    public static ComposeFile Load()
    {
        using var reader = File.OpenText(Path);
        return new ComposeFile(new DeserializerBuilder().Build().Deserialize<Dictionary<object, object?>>(new MergingParser(new Parser(reader))));
    }

    /// <summary>The environment of a service with its variables replaced, as the container gets it.</summary>
    public Dictionary<string, string> Environment(string service, IReadOnlyDictionary<string, string> variables) =>
        Map(Services[service].GetValueOrDefault("environment") ?? new Dictionary<object, object?>()).ToDictionary(v => (string)v.Key, v => Filled((string)v.Value!, variables));

    public IReadOnlyList<string> Strings(string service, string key) =>
        Services[service].TryGetValue(key, out var value) && value is List<object?> list ? [.. list.Cast<string>()] : [];

    /// <summary>The command of a service's health check, or null when it has none.</summary>
    public IReadOnlyList<string>? HealthCommand(string service) =>
        Services[service].TryGetValue("healthcheck", out var check) && Map(check).TryGetValue("test", out var test) ? [.. ((List<object?>)test!).Cast<string>()] : null;

    public static Dictionary<object, object?> Map(object? node) => (Dictionary<object, object?>)node!;

    /// <summary><c>${NAME:?message}</c> and <c>${NAME:-default}</c>; a required variable that is missing is an error, as in compose.</summary>
    public static string Filled(string text, IReadOnlyDictionary<string, string> variables) => Regex.Replace(text, @"\$\{(\w+):([?-])([^}]*)\}", m =>
        variables.TryGetValue(m.Groups[1].Value, out var value) && value.Length > 0
            ? value
            : m.Groups[2].Value == "-" ? m.Groups[3].Value : throw new InvalidOperationException($"{m.Groups[1].Value}: {m.Groups[3].Value}"));
}

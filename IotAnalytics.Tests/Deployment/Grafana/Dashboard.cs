using System.Text.Json;
using IotAnalytics.Tests.Architecture;

namespace IotAnalytics.Tests.Deployment.Grafana;

/// <summary>A dashboard's file, as far as the tests look into it.</summary>
internal sealed record Dashboard(string File, JsonElement Json)
{
    public static string Folder => Path.Combine(SourceTree.Root, "deploy", "grafana", "dashboards");

    public string Uid => Json.GetProperty("uid").GetString()!;

    public IEnumerable<JsonElement> Panels => Json.GetProperty("panels").EnumerateArray();

    public IEnumerable<JsonElement> Variables => Json.GetProperty("templating").GetProperty("list").EnumerateArray();

    public static IReadOnlyList<Dashboard> All() => [.. Directory.GetFiles(Folder, "*.json").Order(StringComparer.Ordinal)
        .Select(f => new Dashboard(Path.GetFileName(f), JsonDocument.Parse(System.IO.File.ReadAllText(f)).RootElement.Clone()))];

    /// <summary>Everything that is sent to the database, but for the variables.</summary>
    public IEnumerable<PanelQuery> Queries()
    {
        foreach (var panel in Panels)
        {
            foreach (var target in panel.GetProperty("targets").EnumerateArray())
            {
                yield return new PanelQuery(
                    Uid, Text(panel, "title"), Text(target, "refId"), Text(target, "rawSql"), panel.TryGetProperty("interval", out var i) ? i.GetString()! : "1m",
                    panel.TryGetProperty("repeat", out var repeat) ? repeat.GetString() : null);
            }
        }

        foreach (var annotation in Json.GetProperty("annotations").GetProperty("list").EnumerateArray())
        {
            yield return new PanelQuery(Uid, Text(annotation, "name"), "annotation", Text(annotation.GetProperty("target"), "rawSql"), "1m", null);
        }
    }

    public static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
}

/// <param name="Interval">The smallest width of a point, for example <c>1m</c>.</param>
/// <param name="Repeat">The variable for each of whose values the panel is shown once, or null.</param>
internal sealed record PanelQuery(string Dashboard, string Panel, string RefId, string Sql, string Interval, string? Repeat)
{
    public override string ToString() => $"{Dashboard} / {Panel} / {RefId}";
}

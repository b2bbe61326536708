using System.Text.Json;
using System.Text.RegularExpressions;
using IotAnalytics.Tests.Architecture;
using YamlDotNet.RepresentationModel;

namespace IotAnalytics.Tests.Deployment.Grafana;

/// <summary>The dashboards' files as Grafana will load them.</summary>
public sealed class DashboardFileTests
{
    private static readonly IReadOnlyList<Dashboard> Dashboards = Dashboard.All();

    [Fact]
    public void There_are_five_dashboards_with_fixed_uids()
    {
        Assert.Equal(["iot-anomalies", "iot-model", "iot-overview", "iot-pipeline", "iot-sensor"], Dashboards.Select(d => d.Uid));
        Assert.All(Dashboards, d => Assert.False(d.Json.TryGetProperty("id", out _), $"{d.File} carries an id of some database"));
    }

    [Fact]
    public void Everything_reads_from_the_provisioned_data_source()
    {
        var provisioned = Yaml("datasources/iot.yaml");
        var source = (YamlMappingNode)((YamlSequenceNode)provisioned["datasources"])[0];
        Assert.Equal("grafana_reader", source["user"].ToString());
        Assert.Equal("${GRAFANA_DB_PASSWORD}", source["secureJsonData"]["password"].ToString());
        foreach (var found in Dashboards.SelectMany(d => Regex.Matches(d.Json.GetRawText(), "\"datasource\":\\s*\\{[^}]*\\}").Select(m => (d.File, m.Value))))
        {
            Assert.True(
                found.Value.Contains($"\"uid\": \"{source["uid"]}\"", StringComparison.Ordinal) && found.Value.Contains($"\"type\": \"{source["type"]}\"", StringComparison.Ordinal),
                $"{found.File}: {found.Value}");
        }
    }

    [Fact]
    public void Every_panel_says_what_it_shows_and_has_its_own_place()
    {
        foreach (var dashboard in Dashboards)
        {
            var taken = new HashSet<(int, int)>();
            Assert.Distinct(dashboard.Panels.Select(p => p.GetProperty("id").GetInt32()));
            Assert.Distinct(dashboard.Panels.Select(p => Dashboard.Text(p, "title")));
            foreach (var panel in dashboard.Panels)
            {
                var name = $"{dashboard.File}: {Dashboard.Text(panel, "title")}";
                Assert.True(Dashboard.Text(panel, "description").EndsWith('.'), name);
                Assert.True(panel.GetProperty("targets").GetArrayLength() > 0, name);
                Assert.True(Dashboard.Text(panel, "type") == "table" || panel.GetProperty("fieldConfig").GetProperty("defaults").TryGetProperty("unit", out _), $"{name} has no unit");
                var (x, y, w, h) = Place(panel);
                Assert.True(x + w <= 24, name);
                Assert.All(Enumerable.Range(x, w).SelectMany(column => Enumerable.Range(y, h), (column, row) => (column, row)), cell => Assert.True(taken.Add(cell), name));
            }
        }
    }

    [Fact]
    public void Links_lead_to_dashboards_that_are_there_and_routes_that_the_host_has()
    {
        var api = JsonDocument.Parse(File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "openapi.json"))).RootElement.GetProperty("paths");
        Assert.True(api.TryGetProperty("/api/v1/anomalies/{id}", out _));
        foreach (var url in Dashboards.SelectMany(d => Regex.Matches(d.Json.GetRawText(), "\"url\":\\s*\"([^\"]+)\"").Select(m => m.Groups[1].Value)))
        {
            if (url.StartsWith("/d/", StringComparison.Ordinal))
            {
                Assert.Contains(url.Split('/', '?')[2], Dashboards.Select(d => d.Uid));
            }
            else
            {
                Assert.Equal("${iot_url}/api/v1/anomalies/${__value.raw}", url);
            }
        }
    }

    [Fact]
    public void Every_dashboard_refreshes_itself_and_opens_on_recent_hours() => Assert.All(Dashboards, d =>
    {
        Assert.Matches("^(30s|1m)$", Dashboard.Text(d.Json, "refresh"));
        Assert.Matches("^now-[0-9]+h$", Dashboard.Text(d.Json.GetProperty("time"), "from"));
        Assert.Equal("now", Dashboard.Text(d.Json.GetProperty("time"), "to"));
    });

    private static (int X, int Y, int W, int H) Place(JsonElement panel)
    {
        var place = panel.GetProperty("gridPos");
        return (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32(), place.GetProperty("w").GetInt32(), place.GetProperty("h").GetInt32());
    }

    private static YamlNode Yaml(string relative)
    {
        var stream = new YamlStream();
        using var reader = File.OpenText(Path.Combine(SourceTree.Root, "deploy", "grafana", "provisioning", relative));
        stream.Load(reader);
        return stream.Documents[0].RootNode;
    }
}

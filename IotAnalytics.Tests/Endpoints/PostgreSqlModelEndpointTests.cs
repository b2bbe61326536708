using System.Net.Http.Json;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

/// <summary>The endpoints that write or count with SQL of their own, on the other database.</summary>
public sealed class PostgreSqlModelEndpointTests(PostgreSqlServer server)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Verdicts_precision_aliases_and_states_work_on_PostgreSQL()
    {
        await using var host = await TestHost.StartAsync([.. (await server.NewSettingsAsync()).Select(s => (s.Key, s.Value!))]);
        await SeedAsync(host);
        var registry = host.Services.GetRequiredService<ModelRegistry>();
        await registry.AddVersionAsync((await registry.GetChampionAsync("climate", Cancel))!, "test", trainingRunId: null, together: null, Cancel);

        await PutAsync(host, "anomalies/99-0-1-0/verdict", new { verdict = "confirmed" });
        await PutAsync(host, "anomalies/99-0-2-0/verdict", new { verdict = "dismissed" });
        await PutAsync(host, "anomalies/99-0-3-0/verdict", new { verdict = "dismissed" });
        var none = await PutAsync(host, "anomalies/99-0-3-0/verdict", new { verdict = (string?)null });
        await PutAsync(host, "models/climate/shadow", new { version = "2", share = 0.1, reason = "look" });
        await PutAsync(host, "models/climate/champion", new { version = "2", reason = "better", expected_champion = "1" });

        Assert.Equal(JsonValueKind.Null, none.GetProperty("verdict_at").ValueKind);
        var version = await GetAsync(host, "models/climate/versions/1");
        Assert.Equal((1, 1), (version.GetProperty("precision").GetProperty("confirmed").GetInt32(), version.GetProperty("precision").GetProperty("dismissed").GetInt32()));
        var model = (await GetAsync(host, "models")).GetProperty("items")[0];
        Assert.Equal(("2", "warming_up"), (model.GetProperty("champion").GetString(), model.GetProperty("state").GetString()));
        Assert.Equal(4, (await GetAsync(host, "models/climate/history")).GetProperty("items").GetArrayLength());
        Assert.Equal(4, (await GetAsync(host, "audit?action=anomaly_verdict_set")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Anomalies_are_listed_page_by_page_and_filtered_on_PostgreSQL()
    {
        await using var host = await TestHost.StartAsync([.. (await server.NewSettingsAsync()).Select(s => (s.Key, s.Value!))]);
        await SeedAsync(host);
        await SeedAnomaliesAsync(host, NewAnomaly(partition: 1, offset: 0, SeededHost.Noon), NewAnomaly(partition: 0, offset: 0, SeededHost.Noon.AddMilliseconds(1)));
        var judged = await PutAsync(host, "anomalies/99-0-2-0/verdict", new { verdict = "confirmed" });

        Assert.Equal("99-0-0-0 99-1-0-0 99-0-3-0 99-0-2-0 99-0-1-0", await IdsAsync(host, "limit=1"));
        Assert.Equal("99-0-0-0 99-1-0-0 99-0-3-0 99-0-2-0 99-0-1-0", await IdsAsync(host, "limit=2&to=9999-12-31T23:59:59.9999999Z"));
        Assert.Equal("99-0-2-0", await IdsAsync(host, "verdict=confirmed&sensor_id=s&profile=climate&min_severity=medium&from=2026-01-01T12:00:00Z&to=2026-01-01T12:00:00.0000001Z"));
        Assert.Equal("99-0-0-0 99-1-0-0 99-0-3-0 99-0-1-0", await IdsAsync(host, "verdict=none&limit=1"));
        Assert.Equal("", await IdsAsync(host, "min_severity=critical"));
        Assert.Equal("", await IdsAsync(host, "to=2026-01-01T12:00:00Z"));
        Assert.Equal("99-0-0-0", await IdsAsync(host, "from=2026-01-01T12:00:00.0000001Z"));
        Assert.Equal(judged.ToString(), (await GetAsync(host, "anomalies/99-0-2-0")).ToString());
    }

    /// <summary>Of all pages.</summary>
    private static async Task<string> IdsAsync(TestHost host, string query)
    {
        var ids = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await GetAsync(host, $"anomalies?{query}{cursor}");
            ids.AddRange(page.GetProperty("items").EnumerateArray().Select(a => a.GetProperty("id").GetString()!));
            cursor = page.GetProperty("next_cursor").GetString() is { } next ? $"&cursor={next}" : null;
        }

        return string.Join(' ', ids);
    }

    private static async Task SeedAsync(TestHost host)
    {
        await using var context = await host.Services.GetRequiredService<IDbContextFactory<AnalyticsDbContext>>().CreateDbContextAsync(Cancel);
        context.Sensors.Add(new Sensor
        {
            SensorKey = 100,
            SensorId = "s",
            Profile = "climate",
            FirstSeenAt = SeededHost.Noon,
            LastEventTime = SeededHost.Noon,
            LastRecordTime = SeededHost.Noon,
            LastFlags = 1 << 5,
        });
        await context.SaveChangesAsync(Cancel);
        await SeedAnomaliesAsync(host, [.. Enumerable.Range(1, 3).Select(offset => NewAnomaly(partition: 0, offset, SeededHost.Noon))]);
    }

    private static async Task SeedAnomaliesAsync(TestHost host, params IEnumerable<Anomaly> anomalies)
    {
        await using var context = await host.Services.GetRequiredService<IDbContextFactory<AnalyticsDbContext>>().CreateDbContextAsync(Cancel);
        context.Anomalies.AddRange(anomalies);
        await context.SaveChangesAsync(Cancel);
    }

    private static Anomaly NewAnomaly(int partition, long offset, DateTime time) => new()
    {
        SourceId = 99,
        Partition = partition,
        RecordOffset = offset,
        SensorKey = 100,
        EventTime = time,
        RecordTime = SeededHost.Noon,
        DetectedAt = SeededHost.Noon,
        AnomalyScore = 0.75,
        Threshold = 0.6,
        Detector = "IsolationForest",
        Rarity = 0.001,
        Severity = "high",
        TopMeasurement = "temperature",
        Explanation = "{}",
        Measurements = "{}",
        ModelVersion = "1",
    };

    private static Task<JsonElement> GetAsync(TestHost host, string path) => host.Client.GetFromJsonAsync<JsonElement>($"/api/v1/{path}", Cancel);

    private static async Task<JsonElement> PutAsync(TestHost host, string path, object body)
    {
        using var answer = await host.Client.PutAsJsonAsync($"/api/v1/{path}", body, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}

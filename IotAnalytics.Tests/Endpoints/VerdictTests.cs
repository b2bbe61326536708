using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

public sealed class VerdictTests : IAsyncLifetime
{
    private readonly SeededHost _host = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_verdict_stands_with_its_author_and_is_taken_back()
    {
        var confirmed = await PutAsync("99-0-10-0", """{"verdict":"confirmed"}""", HttpStatusCode.OK);
        Assert.Equal(("confirmed", "administrator"), (Text(confirmed, "verdict"), Text(confirmed, "verdict_by")));
        Assert.NotNull(Text(await _host.GetAsync("/anomalies/99-0-10-0"), "verdict_at"));

        await PutAsync("99-0-10-0", """{"verdict":"confirmed"}""", HttpStatusCode.OK);
        var none = await PutAsync("99-0-10-0", """{"verdict":null}""", HttpStatusCode.OK);

        Assert.Equal((null, null, null), (Text(none, "verdict"), Text(none, "verdict_by"), Text(none, "verdict_at")));
        var audit = (await _host.GetAsync("/audit?action=anomaly_verdict_set")).GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal(["confirmed>", ">confirmed"], audit.Select(a => $"{Text(a.GetProperty("before"), "verdict")}>{Text(a.GetProperty("after"), "verdict")}"));
        Assert.All(audit, a => Assert.Equal("anomaly/99-0-10-0", Text(a, "target")));
    }

    [Fact]
    public async Task Verdicts_filter_the_list_and_count_in_the_precision_of_the_version()
    {
        await PutAsync("99-0-10-0", """{"verdict":"confirmed"}""", HttpStatusCode.OK);
        await PutAsync("99-0-11-1", """{"verdict":"dismissed"}""", HttpStatusCode.OK);
        await PutAsync("99-0-12-2", """{"verdict":"confirmed"}""", HttpStatusCode.OK);

        Assert.Equal(["99-0-12-2", "99-0-10-0"], await _host.PagesAsync("/anomalies?verdict=confirmed&limit=1", "id"));
        Assert.Equal(["99-0-11-1"], await _host.PagesAsync("/anomalies?verdict=dismissed", "id"));
        Assert.Equal(["99-0-14-4", "99-0-13-3"], await _host.PagesAsync("/anomalies?verdict=none", "id"));
        var precision = (await _host.GetAsync("/models/climate/versions/1")).GetProperty("precision");
        Assert.Equal((2, 1), (precision.GetProperty("confirmed").GetInt32(), precision.GetProperty("dismissed").GetInt32()));
        Assert.Equal(2.0 / 3, precision.GetProperty("precision").GetDouble(), 1e-12);
        Assert.Equal(0.2077, precision.GetProperty("low").GetDouble(), 1e-4);
        Assert.Equal(0.9385, precision.GetProperty("high").GetDouble(), 1e-4);
        Assert.Equal(JsonValueKind.Null, (await _host.GetAsync("/models/boiler/versions/2")).GetProperty("precision").GetProperty("precision").ValueKind);
    }

    [Theory]
    [InlineData("99-0-10-0", """{"verdict":"maybe"}""", HttpStatusCode.BadRequest, "verdict = 'maybe': accepted confirmed, dismissed")]
    [InlineData("99-0-10-0", "{}", HttpStatusCode.BadRequest, "or null to take it back")]
    [InlineData("99-0-10-0", """{"verdict":"confirmed","verdict_by":"me"}""", HttpStatusCode.BadRequest, "no such field")]
    [InlineData("99-0-10", """{"verdict":"confirmed"}""", HttpStatusCode.BadRequest, "id = '99-0-10'")]
    [InlineData("99-0-77-0", """{"verdict":"confirmed"}""", HttpStatusCode.NotFound, "There is no anomaly 99-0-77-0")]
    public async Task What_is_no_verdict_is_refused(string id, string body, HttpStatusCode status, string message)
    {
        var refused = await PutAsync(id, body, status);

        Assert.Contains(message, Text(refused, "detail"), StringComparison.Ordinal);
        Assert.Empty((await _host.GetAsync("/audit?action=anomaly_verdict_set")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task The_version_in_force_for_a_reading_is_told_by_offset()
    {
        await using (var context = await _host.Host.Services.GetRequiredService<IDbContextFactory<AnalyticsDbContext>>().CreateDbContextAsync(Cancel))
        {
            // Partition 0 of source 99 is scored up to 30.
            foreach (var (from, version) in new[] { (5L, "1"), (12L, "2") })
            {
                context.ScoringPlans.Add(new ScoringPlanRow { PlanId = $"plan {version}", Content = Plan(version), CreatedAt = SeededHost.Noon });
                context.ScoringAssignments.Add(new ScoringAssignment { SourceId = 99, Partition = 0, FromOffset = from, PlanId = $"plan {version}" });
            }

            await context.SaveChangesAsync(Cancel);
        }

        foreach (var (reading, version, from) in new[] { ("99-0-5", "1", 5), ("99-0-11-3", "1", 5), ("99-0-12-0", "2", 12), ("99-0-29", "2", 12) })
        {
            var inForce = await _host.GetAsync($"/models/climate/in-force?reading={reading}");
            Assert.Equal((version, from, $"plan {version}"), (Text(inForce, "version"), inForce.GetProperty("from_offset").GetInt32(), Text(inForce, "plan_id")));
        }

        Assert.Equal(("3", 0.25), (Text(await _host.GetAsync("/models/climate/in-force?reading=99-0-12"), "shadow"), (await _host.GetAsync("/models/climate/in-force?reading=99-0-12")).GetProperty("shadow_share").GetDouble()));
        foreach (var (path, message) in new[]
        {
            ("climate/in-force?reading=99-0-4", "before the first one"), ("climate/in-force?reading=99-0-30", "is not scored yet: partition 0 of source 99 is at 30"),
            ("climate/in-force?reading=98-0-1", "There is no partition 0 of a source 98"), ("boiler/in-force?reading=99-0-6", "No model 'boiler' was in force at record 6"),
        })
        {
            Assert.Contains(message, Text(await _host.GetProblemAsync($"/models/{path}", HttpStatusCode.NotFound), "detail"), StringComparison.Ordinal);
        }

        await _host.GetProblemAsync("/models/climate/in-force?reading=first", HttpStatusCode.BadRequest);
    }

    private static string Plan(string version) =>
        $$"""{"parser_version":1,"scorer_version":1,"rules":{"max_json_depth":16,"max_future_skew":"00:05:00","late_after":"00:05:00"},"profiles":[],"models":[{"profile":"climate","version":"{{version}}","sha256":"s","threshold":0.6,"shadow":{"version":"3","sha256":"t","threshold":0.5,"share":0.25} }]}""";

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private async Task<JsonElement> PutAsync(string id, string body, HttpStatusCode expected)
    {
        using var answer = await _host.Host.Client.PutAsJsonAsync($"/api/v1/anomalies/{id}/verdict", JsonSerializer.Deserialize<JsonElement>(body), Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == expected, $"{answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}

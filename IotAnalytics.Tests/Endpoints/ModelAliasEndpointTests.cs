using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

public sealed class ModelAliasEndpointTests : IAsyncLifetime
{
    private TestHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Versions 1 (the champion), 2 and 3 of climate.</summary>
    public async ValueTask InitializeAsync()
    {
        _host = await TestHost.StartAsync();
        var registry = _host.Services.GetRequiredService<ModelRegistry>();
        var champion = await registry.GetChampionAsync("climate", Cancel);
        await registry.AddVersionAsync(champion!, "test", trainingRunId: null, together: null, Cancel);
        await registry.AddVersionAsync(champion!, "test", trainingRunId: null, together: null, Cancel);
    }

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_promotion_and_the_way_back_are_one_call_each_and_are_told_in_history_and_audit()
    {
        var promoted = await PutAsync("champion", new { version = "2", reason = "fewer false alarms", expected_champion = "1" }, HttpStatusCode.OK);
        var back = await PutAsync("champion", new { version = "1", reason = "it missed the leak" }, HttpStatusCode.OK);

        Assert.Equal("2", promoted.GetProperty("champion").GetString());
        Assert.Equal("1", back.GetProperty("champion").GetString());
        Assert.Equal("1", (await GetAsync("models")).GetProperty("items")[0].GetProperty("champion").GetString());
        var history = (await GetAsync("models/climate/history")).GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal(["it missed the leak", "fewer false alarms", "the first model of the profile"], history.Select(c => c.GetProperty("reason").GetString()));
        Assert.Equal(["administrator", "administrator", "bootstrap"], history.Select(c => c.GetProperty("by").GetString()));
        var audit = (await GetAsync("audit?action=model_champion_set")).GetProperty("items");
        Assert.Equal(2, audit.GetArrayLength());
        Assert.Equal(("model/climate", "2", "1"), (Text(audit[0], "target"), Text(audit[0].GetProperty("before"), "version"), Text(audit[0].GetProperty("after"), "version")));
        Assert.Equal("it missed the leak", Text(audit[0].GetProperty("after"), "reason"));
    }

    [Fact]
    public async Task A_decision_on_a_champion_that_is_none_any_more_is_refused()
    {
        await PutAsync("champion", new { version = "2", reason = "first" }, HttpStatusCode.OK);

        var refused = await PutAsync("champion", new { version = "3", reason = "second", expected_champion = "1" }, HttpStatusCode.Conflict);

        Assert.Equal("champion_changed", Text(refused, "code"));
        Assert.Contains("The champion of climate is 2, not 1", Text(refused, "detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("champion", """{"version":"9","reason":"r"}""", HttpStatusCode.NotFound, "Model climate has no version 9")]
    [InlineData("champion", """{"version":2,"reason":"r"}""", HttpStatusCode.BadRequest, "version = '2': accepted a version as text")]
    [InlineData("champion", """{"version":"2"}""", HttpStatusCode.BadRequest, "reason = ''")]
    [InlineData("champion", """{"version":"2","reason":" "}""", HttpStatusCode.BadRequest, "1 to 500 characters")]
    [InlineData("champion", """{"version":"2","reason":"a\nb"}""", HttpStatusCode.BadRequest, "without control characters")]
    [InlineData("shadow", """{"version":"2","reason":"r","share":0.6}""", HttpStatusCode.BadRequest, "share = '0.6': accepted 0 to 0.5")]
    [InlineData("shadow", """{"version":"2","reason":"r","share":"0.1"}""", HttpStatusCode.BadRequest, "accepted 0 to 0.5")]
    [InlineData("shadow", """{"version":"1","reason":"r"}""", HttpStatusCode.UnprocessableEntity, "Version 1 of climate is the champion")]
    public async Task What_cannot_be_is_told_in_plain_words(string alias, string body, HttpStatusCode status, string message)
    {
        var refused = await PutAsync(alias, JsonSerializer.Deserialize<JsonElement>(body), status);

        Assert.Contains(message, Text(refused, "detail"), StringComparison.Ordinal);
        Assert.Equal(1, (await GetAsync("models/climate/history")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_version_that_does_not_fit_the_profile_is_refused_with_the_difference()
    {
        var registry = _host.Services.GetRequiredService<ModelRegistry>();
        var champion = (await registry.GetChampionAsync("climate", Cancel))!;
        var features = champion.Card.Features.SetItem(2, champion.Card.Features[2] with { Expression = "temperature / max(humidity, 7)" });
        var other = await registry.AddVersionAsync(champion with { Card = champion.Card with { Features = features } }, "test", trainingRunId: null, together: null, Cancel);

        var refused = await PutAsync("champion", new { version = other.Version, reason = "r" }, HttpStatusCode.UnprocessableEntity);

        Assert.Equal("model_refused", Text(refused, "code"));
        Assert.Contains("its feature temperature_humidity_ratio is temperature / max(humidity, 7), the profile's is temperature / max(humidity, 1)", Text(refused, "detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shadow_comes_goes_and_becomes_the_champion()
    {
        var set = await PutAsync("shadow", new { version = "2", share = 0.25, reason = "look at it" }, HttpStatusCode.OK);
        Assert.Equal(("1", "2", 0.25), (Text(set, "champion"), Text(set, "shadow"), set.GetProperty("shadow_share").GetDouble()));
        using (var removed = await _host.Client.DeleteAsync("/api/v1/models/climate/shadow?reason=seen+enough", Cancel))
        {
            Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        }

        await PutAsync("shadow", new { version = "3", reason = "look at this one" }, HttpStatusCode.OK);
        var promoted = await PutAsync("champion", new { version = "3", reason = "it is better" }, HttpStatusCode.OK);

        Assert.Equal(("3", null), (Text(promoted, "champion"), promoted.GetProperty("shadow").GetString()));
        var shadows = (await GetAsync("models/climate/history?alias=shadow")).GetProperty("items").EnumerateArray();
        Assert.Equal(["- became the champion: it is better", "3 look at this one", "- seen enough", "2 look at it"], shadows.Select(c => $"{Text(c, "version") ?? "-"} {Text(c, "reason")}"));
        Assert.Equal(4, (await GetAsync("audit?action=model_shadow_set")).GetProperty("items").GetArrayLength());
        using var without = await _host.Client.DeleteAsync("/api/v1/models/climate/shadow", Cancel);
        using var unknown = await _host.Client.DeleteAsync("/api/v1/models/nothing/shadow?reason=r", Cancel);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.NotFound), (without.StatusCode, unknown.StatusCode));
    }

    [Fact]
    public async Task The_history_comes_in_pages()
    {
        foreach (var version in new[] { "2", "3", "1" })
        {
            await PutAsync("champion", new { version, reason = $"to {version}" }, HttpStatusCode.OK);
        }

        var first = await GetAsync("models/climate/history?limit=3");
        var second = await GetAsync($"models/climate/history?limit=3&cursor={Text(first, "next_cursor")}");

        Assert.Equal(["1", "3", "2"], first.GetProperty("items").EnumerateArray().Select(c => Text(c, "version")));
        Assert.Equal("the first model of the profile", Text(Assert.Single(second.GetProperty("items").EnumerateArray()), "reason"));
        Assert.Null(Text(second, "next_cursor"));
        using var unknown = await _host.Client.GetAsync("/api/v1/models/nothing/history", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private Task<JsonElement> GetAsync(string path) => _host.Client.GetFromJsonAsync<JsonElement>($"/api/v1/{path}", Cancel);

    private async Task<JsonElement> PutAsync(string alias, object body, HttpStatusCode expected)
    {
        using var answer = await _host.Client.PutAsJsonAsync($"/api/v1/models/climate/{alias}", body, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == expected, $"{answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}

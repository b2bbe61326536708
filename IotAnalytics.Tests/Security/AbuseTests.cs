using System.Net;
using System.Text;
using System.Text.Json;

namespace IotAnalytics.Tests.Security;

/// <summary>What somebody with a small key would try.</summary>
public sealed class AbuseTests(ScopedHost fixture) : IClassFixture<ScopedHost>
{
    private const string Reading = """{"sensor_id":"abuse","timestamp":"2026-01-01T00:00:00Z","temperature":20,"humidity":50}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/v1/sensors/abuse")]
    [InlineData("/api/v1/sensors/abuse/readings")]
    [InlineData("/api/v1/anomalies/1-0-0-0")]
    [InlineData("/api/v1/dead-letters")]
    [InlineData("/api/v1/live")]
    public async Task A_device_reads_nothing_not_even_what_it_sent(string path)
    {
        using var sent = await fixture.SendAsync("POST", "/api/v1/readings", fixture.Good["device"], Json(Reading));
        Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);

        using var answer = await fixture.SendAsync("GET", path, fixture.Good["device"]);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.DoesNotContain("temperature", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_id_of_a_key_lets_a_smaller_key_revoke_it_not_even_its_own()
    {
        for (var id = 1; id <= 16; id++)
        {
            foreach (var scope in ScopeTable.Scopes.Where(s => s != "administrator"))
            {
                using var answer = await fixture.SendAsync("DELETE", $"/api/v1/api-keys/{id}", fixture.Good[scope]);
                Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            }
        }

        foreach (var scope in ScopeTable.Scopes.Where(s => s != "device"))
        {
            using var answer = await fixture.SendAsync("GET", "/api/v1/host", fixture.Good[scope]);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task No_smaller_key_makes_a_larger_one()
    {
        foreach (var scope in ScopeTable.Scopes.Where(s => s != "administrator"))
        {
            using var answer = await fixture.SendAsync("POST", "/api/v1/api-keys", fixture.Good[scope], Json("""{"name":"mine","scope":"administrator"}"""));
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        using var list = await fixture.SendAsync("GET", "/api/v1/api-keys", fixture.Good["administrator"]);
        Assert.DoesNotContain("\"mine\"", await list.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_is_the_administrators_to_load()
    {
        using var refused = await fixture.SendAsync("POST", "/api/v1/readings", fixture.Good["device"], Json(Reading), ("Iot-Record-Time", "event"));
        using var accepted = await fixture.SendAsync("POST", "/api/v1/readings", fixture.Good["administrator"], Json(Reading), ("Iot-Record-Time", "event"));

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains(
            "Iot-Record-Time: event needs the scope 'administrator'; yours is 'device'", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
    }

    [Theory]
    [InlineData("/API/V1/API-KEYS")]
    [InlineData("/api/v1/api-keys/")]
    [InlineData("/api/v1//api-keys")]
    [InlineData("/api/v1/%61pi-keys")]
    [InlineData("/api/v1/sensors/../api-keys")]
    [InlineData("/api/v1/sensors/..%2fapi-keys")]
    [InlineData("/api/v1/api-keys?scope=administrator")]
    [InlineData("/Swagger/v1/swagger.json")]
    [InlineData("/jobs/../jobs/recurring")]
    [InlineData("/docs/..%2fadmin.key")]
    public async Task No_way_of_writing_a_path_goes_round_the_scope(string path)
    {
        using var answer = await fixture.SendAsync("GET", path, fixture.Good["viewer"]);

        Assert.True(answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{path}: {answer.StatusCode}");
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("PROPFIND")]
    public async Task No_other_method_goes_round_the_scope(string method)
    {
        using var keyless = await fixture.SendAsync(method, "/api/v1/api-keys", null);
        using var viewer = await fixture.SendAsync(method, "/api/v1/api-keys", fixture.Good["viewer"]);
        using var overridden = await fixture.SendAsync("GET", "/api/v1/api-keys/1", fixture.Good["viewer"], null, ("X-HTTP-Method-Override", "DELETE"));

        Assert.True(keyless.StatusCode is HttpStatusCode.Unauthorized, $"{keyless.StatusCode}");
        Assert.True(viewer.StatusCode is HttpStatusCode.Forbidden, $"{viewer.StatusCode}");
        Assert.Equal(HttpStatusCode.Forbidden, overridden.StatusCode);
    }

    [Fact]
    public async Task A_key_in_the_address_is_no_key()
    {
        var key = fixture.Good["administrator"];

        using var answer = await fixture.SendAsync("GET", $"/api/v1/host?key={key}&api_key={key}&access_token={key}", null);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Original-URL", "/health/live")]
    [InlineData("X-Rewrite-URL", "/health/live")]
    [InlineData("X-Forwarded-User", "administrator")]
    [InlineData("Iot-Scope", "administrator")]
    public async Task No_header_of_a_proxy_makes_anybody_somebody(string header, string value)
    {
        using var answer = await fixture.SendAsync("GET", "/api/v1/host", null, null, (header, value));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_with_and_without_its_length()
    {
        var large = new string(' ', 900_001) + Reading;
        using var known = await fixture.SendAsync("POST", "/api/v1/readings", fixture.Good["device"], Json(large));
        using var stream = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(large)));
        stream.Headers.ContentType = new("application/json");
        using var chunked = await fixture.SendAsync("POST", "/api/v1/readings", fixture.Good["device"], stream, ("Transfer-Encoding", "chunked"));
        using var score = await fixture.SendAsync("POST", "/api/v1/score", fixture.Good["viewer"], Json(large));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, known.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, chunked.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, score.StatusCode);
    }

    [Fact]
    public async Task A_field_of_a_reading_gives_it_no_rights_and_no_place()
    {
        const string Claims = """{"sensor_id":"abuse","timestamp":"2026-01-01T00:00:00Z","temperature":20,"humidity":50,"scope":"administrator","source_id":7,"record_time":"2000-01-01T00:00:00Z","anomaly_score":1}""";

        using var answer = await fixture.SendAsync("POST", "/api/v1/score", fixture.Good["viewer"], Json(Claims));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var item = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancel)).GetProperty("items")[0];
        Assert.True(item.GetProperty("anomaly_score").GetDouble() < 1);
        Assert.DoesNotContain("scope", item.GetRawText(), StringComparison.Ordinal);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}

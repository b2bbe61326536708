using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Security;

public sealed class ApiKeyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_made_over_the_API_works_until_it_is_revoked()
    {
        await using var host = await TestHost.StartAsync();

        var (id, key) = await CreateAsync(host, """{"name":"Halle 3, Süd","scope":"viewer"}""".Replace(", ", " ", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, await GetAsync(host, "/api/v1/host", key));
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync($"/api/v1/api-keys/{id}", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(host, "/api/v1/host", key));
        // Once more changes nothing.
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync($"/api/v1/api-keys/{id}", Cancel)).StatusCode);
    }

    [Fact]
    public async Task The_answer_shows_the_key_once_and_lists_never_do()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await PostAsync(host, """{"name":"gate","scope":"device","expires_at":"2999-01-01T00:00:00+01:00"}""");
        var created = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        var key = created.GetProperty("key").GetString()!;

        var list = await host.Client.GetStringAsync("/api/v1/api-keys", Cancel);
        var audit = await host.Client.GetStringAsync("/api/v1/audit", Cancel);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal($"/api/v1/api-keys/{created.GetProperty("id")}", answer.Headers.Location?.OriginalString);
        Assert.StartsWith(created.GetProperty("prefix").GetString()!, key, StringComparison.Ordinal);
        Assert.DoesNotContain(key[12..], list, StringComparison.Ordinal);
        Assert.DoesNotContain(key[12..], audit, StringComparison.Ordinal);
        Assert.DoesNotContain("hash", list + audit, StringComparison.OrdinalIgnoreCase);
        var shown = JsonSerializer.Deserialize<JsonElement>(list).GetProperty("items")[0];
        Assert.Equal("gate", shown.GetProperty("name").GetString());
        Assert.Equal("device", shown.GetProperty("scope").GetString());
        Assert.Equal("active", shown.GetProperty("status").GetString());
        Assert.Equal("2998-12-31T23:00:00Z", shown.GetProperty("expires_at").GetString());
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("revoked_at").ValueKind);
    }

    [Fact]
    public async Task The_list_comes_in_pages_newest_first()
    {
        await using var host = await TestHost.StartAsync();
        foreach (var name in new[] { "a", "b", "c" })
        {
            await CreateAsync(host, $$"""{"name":"{{name}}","scope":"viewer"}""");
        }

        var first = await host.Client.GetFromJsonAsync<JsonElement>("/api/v1/api-keys?limit=2", Cancel);
        var second = await host.Client.GetFromJsonAsync<JsonElement>($"/api/v1/api-keys?limit=2&cursor={first.GetProperty("next_cursor").GetString()}", Cancel);

        Assert.Equal(["c", "b", "a", "administrator"], [.. Names(first), .. Names(second)]);
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next_cursor").ValueKind);
    }

    [Fact]
    public async Task The_last_administrators_key_is_not_revoked()
    {
        await using var host = await TestHost.StartAsync();
        var (expired, _) = await CreateAsync(host, """{"name":"viewer","scope":"viewer"}""");
        await CreateAsync(host, """{"name":"model","scope":"model_admin"}""");

        using var refused = await host.Client.DeleteAsync("/api/v1/api-keys/1", Cancel);

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("last_administrator_key", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await GetAsync(host, "/api/v1/host", host.Key));
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync($"/api/v1/api-keys/{expired}", Cancel)).StatusCode);

        var (_, second) = await CreateAsync(host, """{"name":"second","scope":"administrator"}""");
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync("/api/v1/api-keys/1", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(host, "/api/v1/host", host.Key));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(host, "/api/v1/audit", second));
    }

    [Theory]
    [InlineData("999", HttpStatusCode.NotFound, "api_key_not_found")]
    [InlineData("x", HttpStatusCode.BadRequest, "key_id = 'x': accepted the id of a key")]
    [InlineData("-1", HttpStatusCode.BadRequest, "key_id = '-1'")]
    [InlineData("99999999999", HttpStatusCode.BadRequest, "key_id = '99999999999'")]
    public async Task A_key_that_is_not_there_cannot_be_revoked(string id, HttpStatusCode expected, string text)
    {
        await using var host = await TestHost.StartAsync();

        using var answer = await host.Client.DeleteAsync($"/api/v1/api-keys/{id}", Cancel);

        Assert.Equal(expected, answer.StatusCode);
        Assert.Contains(text, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_mistake_of_a_request_is_named_with_its_value_and_what_is_accepted()
    {
        await using var host = await TestHost.StartAsync();

        using var answer = await PostAsync(host, """{"name":"<b>","scope":"root","expires_at":"2001-01-01T00:00:00Z"}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var errors = (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").EnumerateArray()
            .Select(e => $"{e.GetProperty("field")}|{e.GetProperty("value")}|{e.GetProperty("accepted")}").ToArray();
        Assert.Contains("name|<b>|1 to 64 letters, digits, blanks or . _ : @ / -, beginning with a letter or digit", errors);
        Assert.Contains("scope|root|device, viewer, operator, model_admin, administrator", errors);
        Assert.Contains(errors, e => e.StartsWith("expires_at|2001-01-01", StringComparison.Ordinal) && e.EndsWith("a time in the future, or none", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"name":"n","scope":"viewer","key_id":1}""", "key_id")]
    [InlineData("""{"name":"n","scope":"viewer","hash":"00"}""", "hash")]
    [InlineData("""{"name":"n","scope":"viewer","prefix":"iot_admin"}""", "prefix")]
    [InlineData("""{"name":"n","scope":"viewer","revoked_at":null}""", "revoked_at")]
    [InlineData("""{"name":"n","scope":"viewer","Scope":"administrator"}""", "Scope")]
    [InlineData("""{"name":"n","scope":"viewer","scope":"administrator"}""", "scope")]
    [InlineData("""{"name":"n","scope":["administrator"]}""", "scope")]
    [InlineData("""{"name":"n","scope":null}""", "scope")]
    [InlineData("""{"name":7,"scope":"viewer"}""", "name")]
    [InlineData("""{"name":"line\nbreak","scope":"viewer"}""", "name")]
    [InlineData("""{"name":"\ud800","scope":"viewer"}""", "name")]
    [InlineData("""{"name":"n","scope":"viewer","expires_at":1893456000}""", "expires_at")]
    [InlineData("""{"name":"n","scope":"viewer","expires_at":"2999-01-01"}""", "expires_at")]
    public async Task A_field_that_is_not_the_callers_to_set_is_refused_and_nothing_is_made(string body, string field)
    {
        await using var host = await TestHost.StartAsync();

        using var answer = await PostAsync(host, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var errors = (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors");
        Assert.Contains(errors.EnumerateArray(), e => e.GetProperty("field").GetString() == field);
        Assert.Equal(["administrator"], Names(await host.Client.GetFromJsonAsync<JsonElement>("/api/v1/api-keys", Cancel)));
    }

    [Theory]
    [InlineData("[]", "malformed_json")]
    [InlineData("{", "malformed_json")]
    [InlineData("", "malformed_json")]
    [InlineData("{\"name\":{\"a\":{\"b\":{\"c\":{\"d\":1}}}}}", "malformed_json")]
    public async Task A_body_that_is_no_JSON_object_is_refused(string body, string code)
    {
        await using var host = await TestHost.StartAsync();

        using var answer = await PostAsync(host, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(code, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_another_type_or_too_large_is_refused()
    {
        await using var host = await TestHost.StartAsync();

        using var form = await host.Client.PostAsync("/api/v1/api-keys", new FormUrlEncodedContent([KeyValuePair.Create("scope", "administrator")]), Cancel);
        using var large = await PostAsync(host, $$"""{"name":"{{new string('n', 17_000)}}","scope":"viewer"}""");

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Contains("body_too_large", await large.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString()!);

    private static async Task<(int Id, string Key)> CreateAsync(TestHost host, string body)
    {
        using var answer = await PostAsync(host, body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var created = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return (created.GetProperty("id").GetInt32(), created.GetProperty("key").GetString()!);
    }

    private static Task<HttpResponseMessage> PostAsync(TestHost host, string body) =>
        host.Client.PostAsync("/api/v1/api-keys", new StringContent(body, Encoding.UTF8, "application/json"), Cancel);

    private static async Task<HttpStatusCode> GetAsync(TestHost host, string path, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Api-Key", key);
        using var answer = await host.Anonymous.SendAsync(request, Cancel);
        return answer.StatusCode;
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Security;

public sealed class AuditTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_audit_log_tells_who_did_what_from_where_with_before_and_after()
    {
        await using var host = await TestHost.StartAsync();
        var key = await CreateAsync(host, "boss", "administrator");
        using (var revoke = new HttpRequestMessage(HttpMethod.Delete, "/api/v1/api-keys/1"))
        {
            revoke.Headers.Add("X-Api-Key", key);
            Assert.Equal(HttpStatusCode.NoContent, (await host.Anonymous.SendAsync(revoke, Cancel)).StatusCode);
        }

        var entries = await ReadAsync(host, key, "");

        Assert.Equal(["api_key_revoked", "api_key_created", "administrator_key_created"], entries.Select(e => e.GetProperty("action").GetString()));
        var revoked = entries[0];
        Assert.Equal("boss", revoked.GetProperty("actor").GetString());
        Assert.Equal(2, revoked.GetProperty("actor_key_id").GetInt32());
        Assert.Equal("127.0.0.1", revoked.GetProperty("source").GetString());
        Assert.Equal("api_key/1", revoked.GetProperty("target").GetString());
        Assert.Equal("administrator", revoked.GetProperty("before").GetProperty("scope").GetString());
        Assert.NotEqual(JsonValueKind.Null, revoked.GetProperty("after").GetProperty("revoked_at").ValueKind);
        Assert.NotEmpty(revoked.GetProperty("trace_id").GetString()!);
        var created = entries[1];
        Assert.Equal("administrator", created.GetProperty("actor").GetString());
        Assert.Equal(JsonValueKind.Null, created.GetProperty("before").ValueKind);
        Assert.Equal("boss", created.GetProperty("after").GetProperty("name").GetString());
        Assert.Equal("host", entries[2].GetProperty("actor").GetString());
        Assert.Equal(Environment.MachineName, entries[2].GetProperty("source").GetString());
    }

    [Fact]
    public async Task A_used_login_link_is_told_and_a_refused_one_is_only_counted()
    {
        await using var host = await TestHost.StartAsync();
        var token = host.Services.GetRequiredService<LoginLinks>().Create();

        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync($"/login?token={token}", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Anonymous.GetAsync($"/login?token={token}", Cancel)).StatusCode);

        var entry = Assert.Single(await ReadAsync(host, host.Key, "?action=login_link_used"));
        Assert.Equal("login link", entry.GetProperty("actor").GetString());
        Assert.DoesNotContain(token, entry.GetRawText(), StringComparison.Ordinal);
        var metrics = await host.Anonymous.GetStringAsync("/metrics", Cancel);
        Assert.Contains("code=\"login_link_spent\"", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_load_of_history_is_told_once_a_minute_for_each_key()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var host = await TestHost.StartAsync(
            null, builder => builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<EventTimeAudit>(services, time)));
        var second = await CreateAsync(host, "loader", "administrator");

        await LoadAsync(host, host.Key);
        await LoadAsync(host, host.Key);
        await LoadAsync(host, second);
        time.Advance(TimeSpan.FromMinutes(1));
        await LoadAsync(host, second);

        var entries = await ReadAsync(host, host.Key, "?action=event_time_load");
        Assert.Equal(["loader", "loader", "administrator"], entries.Select(e => e.GetProperty("actor").GetString()));
    }

    [Fact]
    public async Task The_log_is_filtered_by_time_and_action_and_comes_in_pages()
    {
        await using var host = await TestHost.StartAsync();
        await host.Services.GetRequiredService<DatabaseWriter>().WriteAsync(
            transaction =>
            {
                for (var day = 1; day <= 5; day++)
                {
                    AuditLog.Append(
                        transaction, new DateTimeOffset(2030, 1, day, 0, 0, 0, TimeSpan.Zero), Actor.Host, AuditActions.LoginLinkUsed,
                        day.ToString(CultureInfo.InvariantCulture), null, null);
                }
            },
            Cancel);

        var targets = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await host.Client.GetFromJsonAsync<JsonElement>(
                $"/api/v1/audit?action=login_link_used&from=2030-01-02T00:00:00Z&to=2030-01-05T00:00:00Z&limit=2{cursor}", Cancel);
            targets.AddRange(page.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("target").GetString()!));
            cursor = page.GetProperty("next_cursor").GetString() is { } next ? $"&cursor={next}" : null;
        }

        Assert.Equal(["4", "3", "2"], targets);
        var refused = await host.Client.GetAsync("/api/v1/audit?action=nothing&from=yesterday", Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var text = await refused.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("action = 'nothing': accepted administrator_key_created", text, StringComparison.Ordinal);
        Assert.Contains("from = 'yesterday'", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_whose_audit_entry_cannot_be_written_does_not_happen()
    {
        await using var host = await TestHost.StartAsync();
        await host.Services.GetRequiredService<DatabaseWriter>().WriteAsync(
            transaction => transaction.Execute("CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'full'); END"), Cancel);

        using var body = JsonContent.Create(new { name = "n", scope = "viewer" });
        using var answer = await host.Client.PostAsync("/api/v1/api-keys", body, Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        var keys = await host.Client.GetFromJsonAsync<JsonElement>("/api/v1/api-keys", Cancel);
        Assert.Equal(1, keys.GetProperty("items").GetArrayLength());
    }

    private static async Task<string> CreateAsync(TestHost host, string name, string scope)
    {
        using var answer = await host.Client.PostAsync("/api/v1/api-keys", JsonContent.Create(new { name, scope }), Cancel);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("key").GetString()!;
    }

    private static async Task LoadAsync(TestHost host, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/readings");
        request.Headers.Add("X-Api-Key", key);
        request.Headers.Add("Iot-Record-Time", "event");
        request.Content = new StringContent("""{"sensor_id":"s","timestamp":"2020-01-01T00:00:00Z","temperature":20,"humidity":50}""", Encoding.UTF8, "application/json");
        using var answer = await host.Anonymous.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    private static async Task<JsonElement[]> ReadAsync(TestHost host, string key, string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/audit{query}");
        request.Headers.Add("X-Api-Key", key);
        using var answer = await host.Anonymous.SendAsync(request, Cancel);
        return [.. (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("items").EnumerateArray()];
    }
}

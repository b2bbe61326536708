using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using IotAnalytics.Web.Security.Keys;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Security;

public sealed class LoginTests(SharedHost fixture) : IClassFixture<SharedHost>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_start_makes_a_key_whose_hash_alone_is_stored()
    {
        var host = fixture.Host;
        await using var context = await host.Services.GetRequiredService<IDbContextFactory<AnalyticsDbContext>>().CreateDbContextAsync(Cancel);

        var stored = await context.ApiKeys.SingleAsync(Cancel);

        Assert.StartsWith("iot_", host.Key, StringComparison.Ordinal);
        Assert.Equal(47, host.Key.Length);
        Assert.Equal(KeySecret.Hash(host.Key), stored.Hash);
        Assert.StartsWith(stored.Prefix, host.Key, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(host.Folder, "admin.key")));
        }
    }

    [Fact]
    public async Task A_second_start_keeps_the_key()
    {
        var folder = Directory.CreateTempSubdirectory("iot-login-").FullName;
        try
        {
            string first;
            await using (var host = await TestHost.StartAsync(folder, null))
            {
                first = host.Key;
            }

            await using var again = await TestHost.StartAsync(folder, null);

            Assert.Equal(first, again.Key);
            Assert.Equal(HttpStatusCode.OK, (await again.Client.GetAsync("/api/v1/host", Cancel)).StatusCode);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("/api/v1/host")]
    [InlineData("/api/v1/nothing")]
    [InlineData("/swagger/v1/swagger.json")]
    [InlineData("/jobs")]
    [InlineData("/")]
    public async Task Without_a_key_everything_is_refused(string path)
    {
        var host = fixture.Host;

        var answer = await host.Anonymous.GetAsync(path, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal("key_required", problem.GetProperty("code").GetString());
        Assert.NotEmpty(problem.GetProperty("trace_id").GetString()!);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_even_beside_a_good_cookie()
    {
        var host = fixture.Host;
        var cookie = await LogInAsync(host);

        var answer = await SendAsync(host, HttpMethod.Get, "/api/v1/host", ("Cookie", cookie), ("X-Api-Key", "iot_wrong"));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("invalid_key", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_is_accepted_in_both_headers()
    {
        var host = fixture.Host;

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(host, HttpMethod.Get, "/api/v1/host", ("X-Api-Key", host.Key))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(host, HttpMethod.Get, "/api/v1/host", ("Authorization", $"Bearer {host.Key}"))).StatusCode);
    }

    [Fact]
    public async Task A_revoked_key_stops_working_within_five_seconds()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var host = await TestHost.StartAsync(null, builder => builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ApiKeyStore>(services, time)));
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/api/v1/host", Cancel)).StatusCode);

        await host.Services.GetRequiredService<DatabaseWriter>().WriteAsync(
            transaction =>
            {
                using var command = transaction.Command("UPDATE api_key SET revoked_at = 1");
                command.ExecuteNonQuery();
            },
            Cancel);
        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Client.GetAsync("/api/v1/host", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_key_made_by_another_process_works_after_a_second()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var host = await TestHost.StartAsync(null, builder => builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<ApiKeyStore>(services, time)));
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/api/v1/host", Cancel)).StatusCode);
        using var elsewhere = new ApiKeyStore(host.Services.GetRequiredService<DatabaseReader>(), TimeProvider.System);
        var registry = new ApiKeyRegistry(host.Services.GetRequiredService<DatabaseWriter>(), elsewhere, TimeProvider.System);

        var (secret, _) = await registry.CreateAsync("elsewhere", Scopes.Viewer, null, Actor.CommandLine, Cancel);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(host, HttpMethod.Get, "/api/v1/host", ("X-Api-Key", secret))).StatusCode);
    }

    [Fact]
    public async Task A_login_link_works_once()
    {
        var host = fixture.Host;
        var token = host.Services.GetRequiredService<LoginLinks>().Create();

        var first = await host.Anonymous.GetAsync($"/login?token={token}", Cancel);
        var second = await host.Anonymous.GetAsync($"/login?token={token}", Cancel);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.Unauthorized, second.StatusCode);
        Assert.False(second.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public void A_login_link_expires_after_fifteen_minutes()
    {
        var time = new FakeTimeProvider();
        var links = new LoginLinks(time);
        var token = links.Create();

        time.Advance(TimeSpan.FromMinutes(15));

        Assert.False(links.Redeem(token));
    }

    [Fact]
    public async Task A_browser_without_a_session_gets_a_form_for_the_key()
    {
        var host = fixture.Host;

        var answer = await SendAsync(host, HttpMethod.Get, "/", ("Accept", "text/html"));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("action=\"/login\"", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pasted_key_opens_a_session_and_a_wrong_one_does_not()
    {
        var host = fixture.Host;

        var good = await PostKeyAsync(host, host.Key);
        var bad = await PostKeyAsync(host, "<script>");

        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        Assert.True(good.Headers.Contains("Set-Cookie"));
        Assert.Equal(HttpStatusCode.Unauthorized, bad.StatusCode);
        Assert.DoesNotContain("<script>", await bad.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cross-site", HttpStatusCode.Forbidden)]
    [InlineData("same-site", HttpStatusCode.Forbidden)]
    [InlineData("same-origin", HttpStatusCode.NotFound)]
    public async Task A_session_may_change_things_only_from_our_own_pages(string site, HttpStatusCode expected)
    {
        var host = fixture.Host;
        var cookie = await LogInAsync(host);

        var answer = await SendAsync(host, HttpMethod.Post, "/api/v1/nothing", ("Cookie", cookie), ("Sec-Fetch-Site", site));

        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task A_session_outlives_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("iot-login-").FullName;
        try
        {
            string cookie;
            await using (var host = await TestHost.StartAsync(folder, null))
            {
                cookie = await LogInAsync(host);
            }

            await using var again = await TestHost.StartAsync(folder, null);

            Assert.Equal(HttpStatusCode.OK, (await SendAsync(again, HttpMethod.Get, "/api/v1/host", ("Cookie", cookie))).StatusCode);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> LogInAsync(TestHost host)
    {
        var token = host.Services.GetRequiredService<LoginLinks>().Create();
        var answer = await host.Anonymous.GetAsync($"/login?token={token}", Cancel);
        return answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private static Task<HttpResponseMessage> PostKeyAsync(TestHost host, string key) =>
        host.Anonymous.PostAsync("/login", new FormUrlEncodedContent([KeyValuePair.Create("key", key)]), Cancel);

    private static Task<HttpResponseMessage> SendAsync(TestHost host, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return host.Anonymous.SendAsync(request, Cancel);
    }
}

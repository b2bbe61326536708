using System.Net;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using IotAnalytics.Web.Security.Keys;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Security;

public sealed class RateLimitTests
{
    private const string Wrong = "iot_0000000000000000000000000000000000000000000";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_that_asks_too_often_is_told_when_to_come_back()
    {
        await using var host = await TestHost.StartAsync(("Limits:RequestsPerMinutePerKey", "2"));
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/api/v1/profiles", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/api/v1/profiles", Cancel)).StatusCode);

        var answer = await host.Client.GetAsync("/api/v1/profiles", Cancel);

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Contains("too_many_requests", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync("/health/live", Cancel)).StatusCode);
        Assert.Contains("code=\"too_many_requests\"", await host.Anonymous.GetStringAsync("/metrics", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_key_has_a_limit_of_its_own()
    {
        await using var host = await TestHost.StartAsync(("Limits:RequestsPerMinutePerKey", "1"));
        var other = (await host.Services.GetRequiredService<ApiKeyRegistry>().CreateAsync("other", "viewer", null, Actor.Host, Cancel)).Secret;
        Assert.Equal(HttpStatusCode.OK, await GetAsync(host, host.Key));
        Assert.Equal(HttpStatusCode.TooManyRequests, await GetAsync(host, host.Key));

        Assert.Equal(HttpStatusCode.OK, await GetAsync(host, other));
    }

    [Fact]
    public async Task Who_guesses_keys_gets_no_answer_to_a_guess_and_harms_nobody_who_was_there_before()
    {
        await using var host = await TestHost.StartAsync(("Limits:RefusalsPerMinutePerAddress", "1"));
        var registry = host.Services.GetRequiredService<ApiKeyRegistry>();
        var fresh = (await registry.CreateAsync("fresh", "viewer", null, Actor.Host, Cancel)).Secret;
        Assert.Equal(HttpStatusCode.OK, await GetAsync(host, host.Key));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(host, Wrong));

        using var wrong = await SendAsync(host, Wrong);
        using var right = await SendAsync(host, fresh);

        // The right guess looks as the wrong one does, also at the login.
        Assert.Equal(HttpStatusCode.TooManyRequests, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, right.StatusCode);
        Assert.Equal(wrong.Headers.RetryAfter!.Delta, right.Headers.RetryAfter!.Delta);
        Assert.Contains("too_many_refusals", await right.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("key", fresh)]);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await host.Anonymous.PostAsync("/login", form, Cancel)).StatusCode);
        var link = host.Services.GetRequiredService<LoginLinks>().Create();
        Assert.Equal(HttpStatusCode.TooManyRequests, (await host.Anonymous.GetAsync($"/login?token={link}", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, await GetAsync(host, host.Key));
    }

    [Fact]
    public async Task Guesses_at_the_login_count_as_well()
    {
        await using var host = await TestHost.StartAsync(("Limits:RefusalsPerMinutePerAddress", "1"));
        foreach (var expected in new[] { HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests })
        {
            using var form = new FormUrlEncodedContent([KeyValuePair.Create("key", Wrong)]);
            Assert.Equal(expected, (await host.Anonymous.PostAsync("/login", form, Cancel)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await host.Anonymous.GetAsync("/login?token=guess", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Requests_without_a_key_are_limited_and_a_header_does_not_change_the_address()
    {
        await using var host = await TestHost.StartAsync(("Limits:RefusalsPerMinutePerAddress", "1"));
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/host");
            request.Headers.Add("X-Forwarded-For", $"203.0.113.{i}");
            using var answer = await host.Anonymous.SendAsync(request, Cancel);
            Assert.Equal(i < 1 ? HttpStatusCode.Unauthorized : HttpStatusCode.TooManyRequests, answer.StatusCode);
        }

        // What is open stays so, and a key that is good is still let in.
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync("/health/live", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, await GetAsync(host, host.Key));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(59)]
    [InlineData(100)]
    [InlineData(6000)]
    [InlineData(6001)]
    public void A_bucket_refills_exactly_in_a_minute(int perMinute)
    {
        var bucket = TokenBucket.PerMinute(perMinute);

        Assert.Equal(perMinute, bucket.TokensPerPeriod / bucket.ReplenishmentPeriod.TotalMinutes, 0.001);
        Assert.Equal(perMinute, bucket.TokenLimit);
    }

    private static async Task<HttpStatusCode> GetAsync(TestHost host, string key)
    {
        using var answer = await SendAsync(host, key);
        return answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(TestHost host, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/profiles");
        request.Headers.Add(ApiKeyHandler.Header, key);
        return await host.Anonymous.SendAsync(request, Cancel);
    }
}

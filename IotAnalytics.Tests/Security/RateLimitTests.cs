using System.Net;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Security;

public sealed class RateLimitTests
{
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
    }
}

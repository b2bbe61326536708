using System.Net;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Endpoints;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Security;

public sealed class SecurityHeaderTests(ScopedHost fixture) : IClassFixture<ScopedHost>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/", HttpStatusCode.OK)]
    [InlineData("/api/v1/profiles", HttpStatusCode.OK)]
    [InlineData("/api/v1/live", HttpStatusCode.OK)]
    [InlineData("/api/v1/sensors?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("/swagger/index.html", HttpStatusCode.OK)]
    [InlineData("/swagger/v1/swagger.json", HttpStatusCode.OK)]
    [InlineData("/jobs", HttpStatusCode.OK)]
    [InlineData("/metrics", HttpStatusCode.OK)]
    [InlineData("/health/live", HttpStatusCode.OK)]
    [InlineData("/page/page.js", HttpStatusCode.OK)]
    [InlineData("/login", HttpStatusCode.Unauthorized)]
    public async Task Every_answer_carries_the_headers(string path, HttpStatusCode expected)
    {
        using var answer = await fixture.SendAsync("GET", path, fixture.Good["administrator"]);

        Assert.Equal(expected, answer.StatusCode);
        AssertHeaders(answer);
    }

    [Fact]
    public async Task Refusals_carry_them_too()
    {
        using var unauthorized = await fixture.SendAsync("GET", "/api/v1/host", null);
        using var forbidden = await fixture.SendAsync("GET", "/api/v1/audit", fixture.Good["viewer"]);
        using var foreign = await fixture.SendAsync("POST", "/logout", null, null, ("Sec-Fetch-Site", "cross-site"));

        Assert.Equal(
            [HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden],
            new[] { unauthorized, forbidden, foreign }.Select(a => a.StatusCode));
        Assert.All([unauthorized, forbidden, foreign], AssertHeaders);
    }

    [Fact]
    public async Task A_failure_of_ours_carries_them_too()
    {
        await using var host = await TestHost.StartAsync(
            null, builder => builder.Services.AddSingleton<AdHocScorer>(_ => throw new InvalidOperationException("broken")));

        using var answer = await host.Client.PostAsync("/api/v1/score", new StringContent("{}", System.Text.Encoding.UTF8, "application/json"), Cancel);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        AssertHeaders(answer);
    }

    private static void AssertHeaders(HttpResponseMessage answer)
    {
        string One(string name) => string.Join(", ", answer.Headers.GetValues(name));
        var policy = One("Content-Security-Policy");
        Assert.Contains("default-src", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("base-uri 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http:", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", One("X-Content-Type-Options"));
        Assert.Equal("DENY", One("X-Frame-Options"));
        Assert.Equal("no-referrer", One("Referrer-Policy"));
        Assert.Equal("same-origin", One("Cross-Origin-Opener-Policy"));
        Assert.Equal("same-origin", One("Cross-Origin-Resource-Policy"));
        Assert.Contains("no-store", One("Cache-Control"), StringComparison.Ordinal);
        Assert.False(answer.Headers.Contains("Server"));
        Assert.False(answer.Headers.Contains("X-Powered-By"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }
}

using System.Net;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Endpoints;

public sealed class OpenDoorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_and_metrics_answer_on_loopback_without_a_key()
    {
        await using var host = await TestHost.StartAsync();

        Assert.Equal("live", await host.Anonymous.GetStringAsync("/health/live", Cancel));
        Assert.Equal("started", await host.Anonymous.GetStringAsync("/health/startup", Cancel));
        await host.Anonymous.GetAsync("/api/v1/refused", Cancel);
        var metrics = await host.Anonymous.GetStringAsync("/metrics", Cancel);
        Assert.Contains("dotnet_", metrics, StringComparison.Ordinal);
        Assert.Contains("iot_http_refused", metrics, StringComparison.Ordinal);
        Assert.Contains("code=\"key_required\"", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_and_its_files_are_ours_alone()
    {
        await using var host = await TestHost.StartAsync();

        var page = await host.Client.GetAsync("/", Cancel);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        var text = await page.Content.ReadAsStringAsync(Cancel);
        Assert.DoesNotContain("https://", text, StringComparison.Ordinal);
        foreach (var file in new[] { "page.css", "page.js", "favicon.svg" })
        {
            Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.GetAsync($"/page/{file}", Cancel)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("/page/index.html", Cancel)).StatusCode);
    }
}

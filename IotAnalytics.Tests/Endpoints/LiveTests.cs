using System.Net.ServerSentEvents;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Endpoints;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Endpoints;

public sealed class LiveTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_pipeline_publishes_arrives_as_an_event()
    {
        await using var host = await TestHost.StartAsync();
        await using var stream = await host.Client.GetStreamAsync("/api/v1/live", Cancel);
        await using var events = SseParser.Create(stream).EnumerateAsync(Cancel).GetAsyncEnumerator(Cancel);
        Assert.Equal("hello", await NextTypeAsync(events));

        host.Services.GetRequiredService<LiveFeed>().Publish(new LiveEvent("anomaly", """{"sensor_id":"s"}"""));

        Assert.Equal("anomaly", await NextTypeAsync(events));
        Assert.Equal("""{"sensor_id":"s"}""", events.Current.Data);
    }

    [Fact]
    public async Task Silence_is_broken_by_a_heartbeat()
    {
        var time = new FakeTimeProvider();
        await using var events = LiveEndpoints.EventsAsync(new LiveFeed(), CancellationToken.None, time, Cancel).GetAsyncEnumerator(Cancel);
        Assert.Equal("hello", await NextTypeAsync(events));

        var next = NextTypeAsync(events);
        time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal("heartbeat", await next);
    }

    [Fact]
    public async Task A_slow_listener_is_told_how_much_it_missed()
    {
        var feed = new LiveFeed();
        await using var events = LiveEndpoints.EventsAsync(feed, CancellationToken.None, TimeProvider.System, Cancel).GetAsyncEnumerator(Cancel);
        await NextTypeAsync(events);
        for (var i = 0; i < 300; i++)
        {
            feed.Publish(new LiveEvent("anomaly", $"{i}"));
        }

        var seen = new List<string>();
        while (await NextTypeAsync(events) == "anomaly")
        {
            seen.Add(events.Current.Data);
        }

        Assert.Equal("dropped", events.Current.EventType);
        Assert.Equal($$"""{"events":{{300 - seen.Count}}}""", events.Current.Data);
        Assert.Equal("299", seen[^1]);
    }

    [Fact]
    public async Task A_listener_does_not_hold_up_the_stop()
    {
        var host = await TestHost.StartAsync();
        await using var stream = await host.Client.GetStreamAsync("/api/v1/live", Cancel);

        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    private static async Task<string> NextTypeAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        Assert.True(await events.MoveNextAsync());
        return events.Current.EventType;
    }
}

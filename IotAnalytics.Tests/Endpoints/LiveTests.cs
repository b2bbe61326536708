using System.Net.ServerSentEvents;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Tests.Fixtures;
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
        await using var host = await TestHost.StartAsync(null, builder => builder.Services.AddSingleton<TimeProvider>(time));
        await using var stream = await host.Client.GetStreamAsync("/api/v1/live", Cancel);
        await using var events = SseParser.Create(stream).EnumerateAsync(Cancel).GetAsyncEnumerator(Cancel);
        await NextTypeAsync(events);

        // The server may not have begun to wait yet: time goes on until it has.
        var next = NextTypeAsync(events);
        while (!next.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(15));
            await Task.Yield();
        }

        Assert.Equal("heartbeat", await next);
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

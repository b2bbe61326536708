using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /live</c>: server-sent events of what the pipeline commits now.</summary>
internal static class LiveEndpoints
{
    private static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromSeconds(15);

    public static void MapLive(this IEndpointRouteBuilder api) => api
        .MapGet("/live", Get).RequireScope(Scopes.Viewer).WithTags("Pipeline")
        .WithSummary("Server-sent events: anomaly, totals; dropped when this listener was too slow; heartbeat every 15 s");

    private static ServerSentEventsResult<string> Get(
        LiveFeed feed, IHostApplicationLifetime lifetime, TimeProvider time, CancellationToken cancellationToken) =>
        TypedResults.ServerSentEvents(EventsAsync(feed, lifetime.ApplicationStopping, time, cancellationToken));

    internal static async IAsyncEnumerable<SseItem<string>> EventsAsync(
        LiveFeed feed, CancellationToken stopping, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var subscription = feed.Subscribe();

        // Streams would hold up the stop of the host for as long as somebody listens.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
        yield return new SseItem<string>("{}", "hello");
        var dropped = 0L;
        while (true)
        {
            if (!await WaitAsync(subscription, time, end.Token))
            {
                if (end.IsCancellationRequested)
                {
                    yield break;
                }

                yield return new SseItem<string>("{}", "heartbeat");
                continue;
            }

            while (subscription.Events.TryRead(out var live))
            {
                yield return new SseItem<string>(live.Json, live.Type);
            }

            if (subscription.Dropped is var now && now > dropped)
            {
                yield return new SseItem<string>($$"""{"events":{{now - dropped}}}""", "dropped");
                dropped = now;
            }
        }
    }

    /// <summary>True when there is something to read, false after a heartbeat's time or at the end.</summary>
    private static async Task<bool> WaitAsync(LiveSubscription subscription, TimeProvider time, CancellationToken cancellationToken)
    {
        using var period = new CancellationTokenSource(HeartbeatPeriod, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, period.Token);
        try
        {
            return await subscription.Events.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return false;
        }
    }
}

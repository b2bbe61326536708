using System.Collections.Immutable;
using System.Threading.Channels;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// What the pipeline just committed, for whoever listens now. A slow listener loses its oldest events and is told how many:
/// nothing is stored here, the database has it all.
/// </summary>
public sealed class LiveFeed
{
    private const int Capacity = 256;
    private ImmutableArray<LiveSubscription> _subscriptions = [];

    /// <summary>True when somebody listens; without, the pipeline builds no events.</summary>
    public bool HasListeners => !_subscriptions.IsEmpty;

    /// <summary>Starts listening; dispose to stop.</summary>
    public LiveSubscription Subscribe()
    {
        var subscription = new LiveSubscription(this, Capacity);
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Add(subscription));
        return subscription;
    }

    /// <summary>Called by the pipeline after the commit. Never waits.</summary>
    public void Publish(LiveEvent liveEvent)
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Offer(liveEvent);
        }
    }

    internal void Remove(LiveSubscription subscription) =>
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Remove(subscription));
}

/// <summary>A live event.</summary>
/// <param name="Type"><c>anomaly</c> or <c>totals</c>.</param>
/// <param name="Json">One JSON object.</param>
public sealed record LiveEvent(string Type, string Json);

/// <summary>One listener's bounded queue.</summary>
public sealed class LiveSubscription : IDisposable
{
    private readonly LiveFeed _feed;
    private readonly Channel<LiveEvent> _events;
    private long _dropped;

    internal LiveSubscription(LiveFeed feed, int capacity)
    {
        _feed = feed;
        _events = Channel.CreateBounded<LiveEvent>(
            new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest },
            _ => Interlocked.Increment(ref _dropped));
    }

    public ChannelReader<LiveEvent> Events => _events.Reader;

    /// <summary>Events lost because this listener was slow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public void Dispose()
    {
        _feed.Remove(this);
        _events.Writer.TryComplete();
    }

    internal void Offer(LiveEvent liveEvent) => _events.Writer.TryWrite(liveEvent);
}

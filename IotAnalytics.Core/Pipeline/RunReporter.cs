using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Diagnostics;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Tells the monitor, the meters and the live feed what a run does. Only what is committed is told.</summary>
internal sealed class RunReporter(PipelineDependencies d, PartitionClaim claim, SinkRetry retry)
{
    private static readonly TimeSpan LagInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>A record older than this was loaded as history: its age says nothing about the pipeline.</summary>
    private static readonly double HistoryMs = TimeSpan.FromHours(1).TotalMilliseconds;

    private readonly LatencyWindow _visible = new();
    private long _lagAt;
    private long _highWatermark;
    private double _lagSeconds;

    /// <summary>Called on the flush task after a T1.</summary>
    public void Committed(FastWindow window, long nowMs)
    {
        var sum = window.Totals.Sum;
        d.Monitor.Count(claim.Partition, sum);
        Count("normal", sum.Normal);
        Count("anomaly", sum.Anomalies);
        Count("duplicate", sum.Duplicates);
        Count("dead_letter", sum.DeadLetters);
        foreach (var (reason, count) in window.DeadLetterReasons)
        {
            PipelineMetrics.DeadLetters.Add(count, new KeyValuePair<string, object?>("reason", reason));
        }

        var latency = nowMs - window.OldestRecordMs;
        if (window.OldestRecordMs != LogRecordInfo.NoTime && latency >= 0 && latency < HistoryMs)
        {
            _visible.Add(latency);
            PipelineMetrics.VisibleSeconds.Record(latency / 1000.0);
        }

        if (d.Feed.HasListeners)
        {
            foreach (var anomaly in window.Anomalies)
            {
                d.Feed.Publish(LiveEvents.Of(claim, anomaly));
            }

            d.Feed.Publish(LiveEvents.Of(d.Monitor.Totals));
        }
    }

    /// <summary>Asks the log how much is still to come; at most twice a second.</summary>
    public async ValueTask ReportLagAsync(long position, CancellationToken cancellationToken)
    {
        if (_lagAt != 0 && d.Time.GetElapsedTime(_lagAt) < LagInterval)
        {
            return;
        }

        _lagAt = d.Time.GetTimestamp();
        _highWatermark = (await d.Log.GetBoundsAsync(claim.Partition, cancellationToken).ConfigureAwait(false)).HighWatermark;
        var oldest = position < _highWatermark
            ? await d.Log.GetRecordTimeAsync(claim.Partition, position, cancellationToken).ConfigureAwait(false)
            : null;
        _lagSeconds = oldest is { } ms ? Math.Max(0, (d.Time.GetUtcNow().ToUnixTimeMilliseconds() - ms) / 1000.0) : 0;
    }

    public void Report(string status, long position, DatabaseSinks sinks, LakeSink lake)
    {
        var failing = retry.Failing;
        d.Monitor.Update(new PartitionState(
            claim.SourceId, claim.Partition, claim.Owner, claim.OwnerEpoch, status == "running" && retry.IsDatabaseFailing ? "paused" : status,
            status == "paused" ? "the lake spool is full" : failing, sinks.Fast, sinks.Rollup, lake.Committed, _highWatermark,
            Math.Max(0, _highWatermark - position), _lagSeconds, d.Spool.Bytes, retry.Retries, d.Monitor.TotalsOf(claim.Partition), _visible.Quantile(0.5), _visible.Quantile(0.99)));
    }

    private static void Count(string outcome, long count)
    {
        if (count > 0)
        {
            PipelineMetrics.Readings.Add(count, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }
}

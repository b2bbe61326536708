using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Writes the state of this host's partitions to <c>partition_status</c> every 10 seconds; rows are kept 7 days.</summary>
internal sealed partial class PartitionStatusRecorder(PipelineMonitor monitor, DatabaseWriter writer, TimeProvider time, ILogger<PartitionStatusRecorder> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await RecordAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (System.Data.Common.DbException e)
            {
                // The workers retry and report the same database; a missing row of this table is no loss.
                LogSkipped(e);
            }
        }
    }

    internal Task RecordAsync(CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            var now = time.GetUtcNow();
            transaction.Execute("DELETE FROM partition_status WHERE time < @before", ("@before", DbTime.From(now - Kept)));
            foreach (var p in monitor.Partitions)
            {
                transaction.Execute(
                    """
                    INSERT INTO partition_status (source_id, partition, time, high_watermark, lag_records, lag_seconds, spool_bytes, retries, visible_p99_ms, host)
                    VALUES (@s, @p, @now, @high, @lag, @seconds, @spool, @retries, @p99, @host) ON CONFLICT DO NOTHING
                    """,
                    ("@s", p.SourceId), ("@p", p.Partition), ("@now", DbTime.From(now)), ("@high", p.HighWatermark), ("@lag", p.LagRecords),
                    ("@seconds", p.LagSeconds), ("@spool", p.SpoolBytes), ("@retries", p.Retries), ("@p99", p.VisibleP99Ms), ("@host", p.Owner));
            }
        },
        cancellationToken);

    [LoggerMessage(EventIds.StatusSkipped, LogLevel.Warning, "The state of the partitions was not recorded")]
    private partial void LogSkipped(Exception exception);
}

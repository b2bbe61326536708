using System.Data.Common;
using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Repeats what a sink could not do: a database or store that is down pauses the partition, it never loses a row. Waits 0.2 s, doubling
/// to 10 s. What is not an I/O failure is not repeated.
/// </summary>
internal sealed partial class SinkRetry(int partition, PipelineMonitor monitor, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);
    private long _retries;

    /// <summary>Failed tries so far.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <summary>What is failing now, or null.</summary>
    public string? Failing { get; private set; }

    /// <summary>True while the database is failing: nothing can be taken to its end then. A store that fails only lets cuts wait.</summary>
    public bool IsDatabaseFailing { get; private set; }

    /// <summary>The target that pauses the partition.</summary>
    public const string Database = "database";

    /// <summary>Runs <paramref name="work"/>, which must be safe to repeat, until it succeeds or the token fires.</summary>
    public async Task RunAsync(string target, Func<Task> work, CancellationToken cancellationToken)
    {
        var delay = FirstDelay;
        while (true)
        {
            try
            {
                await work().ConfigureAwait(false);
                Failing = null;
                IsDatabaseFailing = false;
                return;
            }
            catch (Exception e) when (e is DbException or IOException and not FileNotFoundException)
            {
                Interlocked.Increment(ref _retries);
                PipelineMetrics.Retries.Add(1, new KeyValuePair<string, object?>("target", target));
                Failing = $"{target}: {e.Message}";
                IsDatabaseFailing = target == Database;
                if (IsDatabaseFailing)
                {
                    // The worker may be waiting for this very write and cannot tell.
                    monitor.Pause(partition, Failing);
                }

                LogRetry(partition, target, delay.TotalSeconds, e);
            }

            var began = time.GetTimestamp();
            await Task.Delay(delay, time, cancellationToken).ConfigureAwait(false);
            PipelineMetrics.PausedSeconds.Add(time.GetElapsedTime(began).TotalSeconds);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    [LoggerMessage(EventIds.SinkRetry, LogLevel.Warning, "Partition {Partition}: the {Target} failed, next try in {Delay} s")]
    private partial void LogRetry(int partition, string target, double delay, Exception exception);
}

using System.Data.Common;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Keeps one partition running: claims it, runs it, and claims it again after it was fenced, after records were lost, or to narrow down a
/// record that makes the pipeline fail. Whatever else goes wrong ends the worker, and with it the host.
/// </summary>
internal sealed partial class PartitionWorker(PipelineDependencies dependencies, int sourceId, int partition, ILogger<PartitionWorker> logger)
{
    private static readonly TimeSpan ReclaimDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AgainDelay = TimeSpan.FromSeconds(3);
    private readonly PoisonHunt _hunt = new();

    /// <param name="stopping">Stop gracefully: take no more records, commit and cut what was taken.</param>
    /// <param name="abort">Stop now: drop what is not committed.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken abort)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stopping, abort).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (abort.IsCancellationRequested || stopping.IsCancellationRequested)
            {
                return;
            }
            catch (PoisonException e)
            {
                if (_hunt.Narrow(e.FirstOffset, e.NextOffset))
                {
                    LogPoison(partition, e.FirstOffset, e.InnerException!);
                }
                else
                {
                    LogSuspect(partition, e.FirstOffset, e.NextOffset, e.InnerException!);
                }
            }
            catch (FencedException e)
            {
                PipelineMetrics.Fenced.Add(1);
                LogFenced(partition, e);
                await PauseAsync(ReclaimDelay, stopping).ConfigureAwait(false);
            }
            catch (OffsetTrimmedException)
            {
                // The claim looks at the log's start and records what was lost.
            }
            catch (Exception e) when (e is IOException or DbException or LogUnavailableException)
            {
                // A full disk under the encoder, say, or no answer from the log: nothing is lost, the run begins again at its lake offset.
                dependencies.Monitor.Pause(partition, e.Message);
                LogAgain(partition, e);
                await PauseAsync(AgainDelay, stopping).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends early, and without an exception, when the worker is to stop: a partition that is taken away while it waits has not failed.</summary>
    private async Task PauseAsync(TimeSpan time, CancellationToken stopping) =>
        await Task.Delay(time, dependencies.Time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task RunOnceAsync(CancellationToken stopping, CancellationToken abort)
    {
        using var runAbort = CancellationTokenSource.CreateLinkedTokenSource(abort);
        var claim = await PartitionClaimer.ClaimAsync(dependencies, sourceId, partition, TellLost, stopping).ConfigureAwait(false);
        LogClaimed(partition, claim.OwnerEpoch, claim.Offsets.Lake, claim.Offsets.Rollup, claim.Offsets.Fast);
        await using var run = await PartitionRun.StartAsync(dependencies, claim, _hunt, logger, runAbort.Token).ConfigureAwait(false);
        try
        {
            await run.RunAsync(stopping).ConfigureAwait(false);
        }
        finally
        {
            // Ends flushes and uploads that still retry: after a failure nothing of this claim may be written any more.
            await runAbort.CancelAsync().ConfigureAwait(false);
            await run.SettleAsync().ConfigureAwait(false);
        }

        LogStopped(partition);
    }

    [LoggerMessage(EventIds.PartitionClaimed, LogLevel.Information,
        "Partition {Partition} is claimed with epoch {Epoch}; lake {Lake}, roll-up {Rollup}, fast {Fast}")]
    private partial void LogClaimed(int partition, long epoch, long lake, long rollup, long fast);

    [LoggerMessage(EventIds.PartitionStopped, LogLevel.Information, "Partition {Partition} stopped; everything taken is in the lake")]
    private partial void LogStopped(int partition);

    [LoggerMessage(EventIds.PartitionFenced, LogLevel.Warning, "Partition {Partition} was claimed by another worker; what was not committed is dropped")]
    private partial void LogFenced(int partition, Exception exception);

    [LoggerMessage(EventIds.RunAgain, LogLevel.Warning, "Partition {Partition}: a sink or the log failed; the run begins again at the lake offset in 3 s")]
    private partial void LogAgain(int partition, Exception exception);

    private void TellLost(int partition, long first, long next)
    {
        PipelineMetrics.LostRecords.Add(next - first, new KeyValuePair<string, object?>("partition", partition));
        LogLost(partition, first, next);
    }

    [LoggerMessage(EventIds.RecordsLost, LogLevel.Error,
        "Partition {Partition}: the log no longer has the records [{First}, {Next}); they are not in the lake (see lost_range)")]
    private partial void LogLost(int partition, long first, long next);

    [LoggerMessage(EventIds.PoisonSuspected, LogLevel.Warning, "Partition {Partition}: a record in [{First}, {Next}) makes the pipeline fail; looking at one record at a time")]
    private partial void LogSuspect(int partition, long first, long next, Exception exception);

    [LoggerMessage(EventIds.PoisonRecord, LogLevel.Error, "Partition {Partition}: record {Offset} makes the pipeline fail and becomes a dead letter")]
    private partial void LogPoison(int partition, long offset, Exception exception);
}

using System.Data.Common;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Roles;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>Takes runs from the queue, one at a time, and keeps their lease: every host does.</summary>
internal sealed class TrainingService(
    TrainingRuns runs, TrainingRunner runner, HostIdentity host, IOptions<DatabaseOptions> database, TimeProvider time, ILogger<TrainingService> logger) : BackgroundService
{
    private static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isFirst = !database.Value.IsShared;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (isFirst)
                {
                    await runs.EndAllLeasesAsync(stoppingToken).ConfigureAwait(false);
                    isFirst = false;
                }

                if (await runs.TakeAsync(host.Name, stoppingToken).ConfigureAwait(false) is { } run)
                {
                    await RunAsync(run, stoppingToken).ConfigureAwait(false);
                    continue;
                }
            }
            catch (DbException e)
            {
                logger.QueueUnavailable(e.Message);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await runs.WaitAsync(PollEvery, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAsync(TakenRun run, CancellationToken stoppingToken)
    {
        logger.RunTaken(run.RunId, run.Name, run.Attempts);
        var started = time.GetTimestamp();
        var progress = new TrainingProgress();
        using var work = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        using var over = new CancellationTokenSource();
        var heartbeat = KeepAsync(run, progress, work, over.Token);
        string state;
        try
        {
            var model = await runner.RunAsync(run, progress, work.Token).ConfigureAwait(false);
            state = TrainingRunState.Succeeded;
            logger.RunSucceeded(run.RunId, run.Name, model.Version, progress.Rows, time.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception e)
        {
            await over.CancelAsync().ConfigureAwait(false);
            var end = await heartbeat.ConfigureAwait(false);
            state = await EndAsync(run, e, end, stoppingToken).ConfigureAwait(false);
        }

        await over.CancelAsync().ConfigureAwait(false);
        await heartbeat.ConfigureAwait(false);
        TrainingMeter.Record(state, time.GetElapsedTime(started), progress.Rows);
    }

    /// <summary>What becomes of a run that made no version; its state then.</summary>
    private async Task<string> EndAsync(TakenRun run, Exception error, LeaseEnd lease, CancellationToken stoppingToken)
    {
        // The stop of the host must not keep it from saying so.
        var none = CancellationToken.None;
        switch (error)
        {
            case OperationCanceledException when lease == LeaseEnd.Cancelled:
            case TrainingRunLostException when await runs.RenewAsync(run, new TrainingProgress(), none).ConfigureAwait(false) is { IsMine: true, IsCancelRequested: true }:
                await runs.EndAsync(run, TrainingRunState.Cancelled, error: null, none).ConfigureAwait(false);
                logger.RunCancelled(run.RunId, run.Name);
                return TrainingRunState.Cancelled;
            case OperationCanceledException when lease == LeaseEnd.Lost:
            case TrainingRunLostException:
                logger.RunLost(run.RunId, run.Name);
                return TrainingRunState.Queued;
            case OperationCanceledException when stoppingToken.IsCancellationRequested:
                await runs.GiveBackAsync(run, none).ConfigureAwait(false);
                return TrainingRunState.Queued;
            case DbException or IOException or InvalidDataException or TimeoutException:
                // A store or a database that is away, or a file that was compacted and vacuumed meanwhile.
                logger.RunRetried(run.RunId, run.Name, error.Message);
                await runs.RetryAsync(run, error.Message, none).ConfigureAwait(false);
                return TrainingRunState.Queued;
            default:
                logger.RunFailed(run.RunId, run.Name, error.Message, error is TrainingException ? null : error);
                await runs.EndAsync(run, TrainingRunState.Failed, error.Message, none).ConfigureAwait(false);
                return TrainingRunState.Failed;
        }
    }

    /// <summary>Renews the lease until the run is over; cancels the work when it must end.</summary>
    private async Task<LeaseEnd> KeepAsync(TakenRun run, TrainingProgress progress, CancellationTokenSource work, CancellationToken over)
    {
        var renewed = time.GetTimestamp();
        while (true)
        {
            await Task.Delay(HeartbeatEvery, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested)
            {
                return LeaseEnd.Over;
            }

            var end = LeaseEnd.Over;
            try
            {
                // Before the question: the lease is never believed to be longer than it is.
                var asked = time.GetTimestamp();
                var (isMine, isCancelRequested) = await runs.RenewAsync(run, progress, over).ConfigureAwait(false);
                renewed = asked;
                end = !isMine ? LeaseEnd.Lost : isCancelRequested ? LeaseEnd.Cancelled : LeaseEnd.Over;
            }
            catch (OperationCanceledException)
            {
                return LeaseEnd.Over;
            }
            catch (DbException e)
            {
                logger.QueueUnavailable(e.Message);
                end = time.GetElapsedTime(renewed) > TrainingRuns.Lease ? LeaseEnd.Lost : LeaseEnd.Over;
            }

            if (end != LeaseEnd.Over)
            {
                await work.CancelAsync().ConfigureAwait(false);
                return end;
            }
        }
    }

    private enum LeaseEnd
    {
        /// <summary>The run was over first.</summary>
        Over,
        Cancelled,
        Lost,
    }
}

using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>The queue of training runs, which is their table: at most one of a model is queued or running. Safe for many threads and hosts.</summary>
internal sealed class TrainingRuns(
    DatabaseReader reader,
    DatabaseWriter writer,
    ProfileCatalog profiles,
    ProfileReadingsQuery readings,
    IOptions<TrainingPolicies> policies,
    TimeProvider time,
    ILogger<TrainingRuns> logger) : IDisposable
{
    public const long DefaultSeed = 42;

    /// <summary>After this without a heartbeat a run is free for another host.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <summary>After a failure that may pass, such as a store that does not answer.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _queued = new(0, 1);

    /// <summary>Queues a run, unless one of the model is queued or running already.</summary>
    /// <param name="from">Begin of the window, event time; null: the policy's window before its end.</param>
    /// <param name="to">End of the window, exclusive; null: behind the newest reading of the profile.</param>
    /// <param name="seed">Null: <see cref="DefaultSeed"/>.</param>
    /// <param name="together">Done in the transaction that queues a new run.</param>
    /// <exception cref="KeyNotFoundException">There is no such profile.</exception>
    /// <exception cref="TrainingRefusedException">There is no reading yet, or the window is none.</exception>
    public async Task<EnqueuedRun> EnqueueAsync(
        string name, string reason, string by, DateTime? from, DateTime? to, long? seed, Action<System.Data.Common.DbTransaction, long>? together,
        CancellationToken cancellationToken)
    {
        if (!profiles.Profiles.Any(p => p.Name == name))
        {
            throw new KeyNotFoundException($"There is no model '{name}'.");
        }

        var toMs = to is { } end
            ? Ms(end)
            : Ms(await readings.NewestEventTimeAsync(name, cancellationToken).ConfigureAwait(false)
                ?? throw new TrainingRefusedException($"The profile {name} has no reading yet.")) + 1;
        var fromMs = from is { } begin ? Ms(begin) : toMs - (long)policies.Value.Of(name).Window.TotalMilliseconds;
        if (fromMs >= toMs)
        {
            throw new TrainingRefusedException("The window ends before it begins.");
        }

        var run = await writer.WriteAsync(
            transaction =>
            {
                transaction.TakeTurn("training runs");
                var now = transaction.Now(time);
                if ((TrainingRunRows.Open(transaction, name) ?? Repeated(transaction, name, reason, toMs, now)) is { } open)
                {
                    return new EnqueuedRun(open, IsNew: false);
                }

                var id = TrainingRunRows.Insert(transaction, name, reason, by, fromMs, toMs, seed ?? DefaultSeed, now);
                together?.Invoke(transaction, id);
                return new EnqueuedRun(id, IsNew: true);
            },
            cancellationToken).ConfigureAwait(false);
        if (run.IsNew)
        {
            logger.RunQueued(run.RunId, name, reason, by);
            Wake();
        }

        return run;
    }

    /// <summary>
    /// Queues what the schedule asks for, unless there is nothing to learn or it was queued already: hosts that fire together make one run.
    /// </summary>
    public async Task EnqueueScheduledAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await EnqueueAsync(name, TrainingReason.Schedule, TrainingReason.Schedule, from: null, to: null, seed: null, together: null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is KeyNotFoundException or TrainingRefusedException)
        {
            logger.RunNotQueued(name, e.Message);
        }
    }

    /// <summary>Asks for the end of a run. Null: there is no such run; otherwise its state before: one that was over stays as it is.</summary>
    /// <param name="together">Done in the same transaction.</param>
    public Task<string?> CancelAsync(long runId, Action<System.Data.Common.DbTransaction, string>? together, CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            var before = TrainingRunRows.Cancel(transaction, runId, transaction.Now(time));
            if (before is TrainingRunState.Queued or TrainingRunState.Running)
            {
                together?.Invoke(transaction, before);
            }

            return before;
        },
        cancellationToken);

    /// <summary>The next run for this host, or null.</summary>
    public async Task<TakenRun?> TakeAsync(string owner, CancellationToken cancellationToken) =>
        await reader.ReadAsync(t => TrainingRunRows.IsAnyWaiting(t, t.Now(time)), cancellationToken).ConfigureAwait(false)
            ? await writer.WriteAsync(t => TrainingRunRows.Take(t, owner, t.Now(time), Lease), cancellationToken).ConfigureAwait(false)
            : null;

    /// <inheritdoc cref="TrainingRunRows.EndAllLeases"/>
    public Task EndAllLeasesAsync(CancellationToken cancellationToken) =>
        writer.WriteAsync(t => TrainingRunRows.EndAllLeases(t, t.Now(time)), cancellationToken);

    /// <summary>Renews the lease; says whether the run is still this host's, and whether somebody asked for its end.</summary>
    public Task<(bool IsMine, bool IsCancelRequested)> RenewAsync(TakenRun run, TrainingProgress progress, CancellationToken cancellationToken) => writer.WriteAsync(
        t => (TrainingRunRows.Renew(t, run, progress, t.Now(time), Lease, out var isCancelRequested), isCancelRequested), cancellationToken);

    /// <summary>The run ends without a version.</summary>
    public Task EndAsync(TakenRun run, string state, string? error, CancellationToken cancellationToken) =>
        writer.WriteAsync(t => TrainingRunRows.End(t, run, state, error, t.Now(time)), cancellationToken);

    /// <summary>Another try, here or elsewhere, unless it was the last.</summary>
    public Task RetryAsync(TakenRun run, string error, CancellationToken cancellationToken) => run.Attempts >= TrainingRunRows.MaxAttempts
        ? EndAsync(run, TrainingRunState.Failed, error, cancellationToken)
        : writer.WriteAsync(t => TrainingRunRows.GiveBack(t, run, error, isCounted: true, t.Now(time), Pause), cancellationToken);

    /// <summary>This host stops: another one, or the next start, takes the run.</summary>
    public Task GiveBackAsync(TakenRun run, CancellationToken cancellationToken) =>
        writer.WriteAsync(t => TrainingRunRows.GiveBack(t, run, error: null, isCounted: false, t.Now(time), TimeSpan.Zero), cancellationToken);

    /// <summary>Waits until this host has queued a run, or for a while: others queue too.</summary>
    public async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => await _queued.WaitAsync(longest, cancellationToken).ConfigureAwait(false);

    public void Dispose() => _queued.Dispose();

    /// <summary>A run that this one would only repeat, or null.</summary>
    private static long? Repeated(System.Data.Common.DbTransaction transaction, string name, string reason, long toMs, long now) => reason switch
    {
        TrainingReason.Schedule => TrainingRunRows.Scheduled(transaction, name, toMs, now),
        TrainingReason.Drift => TrainingRunRows.OfDrift(transaction, name, now),
        _ => null,
    };

    private void Wake()
    {
        try
        {
            _queued.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake.
        }
    }

    private static long Ms(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;
}

/// <param name="IsNew">False: it was queued or running already.</param>
internal readonly record struct EnqueuedRun(long RunId, bool IsNew);

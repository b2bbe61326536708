using System.Collections.Immutable;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// The lake sink of one partition: gathers rows into the open cut; a closed cut is encoded, uploaded and committed (T2) on a task of its own,
/// one after the other in offset order. While the store is down closed cuts wait in the spool; when too many wait the open one grows instead.
/// </summary>
internal sealed partial class LakeSink(
    PartitionClaim claim, LakeCutContext context, LakeSpool spool, LakeOptions options, ILakeStore store, SavedState states, ICommitLog log, DatabaseWriter writer,
    PartitionStore partitions, SinkRetry retry, TimeProvider time, ILogger logger, CancellationToken abort) : IAsyncDisposable
{
    private const int MostClosedCuts = 16;
    private readonly SemaphoreSlim _slots = new(MostClosedCuts, MostClosedCuts);
    private LakeCut? _open;
    private long _openedAt;
    private Task _commits = Task.CompletedTask;

    /// <summary>Committed offset of T2.</summary>
    public long Committed { get; private set; } = claim.Offsets.Lake;

    /// <summary>True while there are rows that no closed cut holds.</summary>
    public bool IsOpen => _open is not null;

    /// <summary>Time since the first record of the open cut was taken from the log; by the monotonic clock.</summary>
    public TimeSpan Age => _open is null ? TimeSpan.Zero : time.GetElapsedTime(_openedAt);

    /// <summary>True when the open cut has reached a size limit.</summary>
    public bool IsFull => _open is { } cut && (cut.Rows >= options.CutRows || cut.EncodedBytes >= options.CutBytes);

    /// <summary>False while so many closed cuts wait that closing another would make the worker wait.</summary>
    public bool CanClose => _slots.CurrentCount > 0;

    public async ValueTask AddAsync(MicroBatch batch, SensorTable sensors, ImmutableArray<string?> modelVersions, CancellationToken cancellationToken)
    {
        if (_open is null)
        {
            _open = new LakeCut(context, batch.FirstOffset);
            _openedAt = time.GetTimestamp();
        }

        await _open.AddAsync(batch, sensors, modelVersions, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>True while no more may be taken from the log.</summary>
    public bool SpoolIsFull => spool.IsFull;

    /// <summary>Throws what a commit threw.</summary>
    public void ThrowIfFailed()
    {
        if (_commits.IsFaulted)
        {
            _commits.GetAwaiter().GetResult();
        }
    }

    /// <summary>Closes the open cut at <paramref name="next"/>, with the sensor table as it is there. T2 waits for <paramref name="rollup"/>,
    /// the flush that brings the roll-up to the same offset.</summary>
    public async Task CloseAsync(long next, SensorTable sensors, Task rollup)
    {
        if (_open is not { } cut)
        {
            return;
        }

        await _slots.WaitAsync(abort).ConfigureAwait(false);
        _open = null;
        _commits = CommitAsync(_commits, cut, next, SavedState.Capture(sensors), rollup);
    }

    /// <summary>Ends when every closed cut is committed.</summary>
    public Task DrainAsync() => _commits;

    /// <summary>Drops the open cut; closed ones have ended or failed before.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_open is { } cut)
        {
            _open = null;
            await cut.DisposeAsync().ConfigureAwait(false);
        }

        _slots.Dispose();
    }

    private async Task CommitAsync(Task previous, LakeCut cut, long next, byte[] state, Task rollup)
    {
        try
        {
            using var span = IotTracing.Start("cut", claim.Partition, cut.FirstOffset, next);
            await using (cut)
            {
                using var sealedCut = await cut.SealAsync(abort).ConfigureAwait(false);
                await previous.ConfigureAwait(false);
                var stateKey = states.KeyOf(claim, next);
                await retry.RunAsync("lake store", () => sealedCut.UploadAsync(store, abort), abort).ConfigureAwait(false);
                await retry.RunAsync("lake store", () => states.PutAsync(stateKey, state, abort), abort).ConfigureAwait(false);
                await rollup.ConfigureAwait(false);
                await CommitAsync(sealedCut, next, stateKey, SavedState.HashOf(state)).ConfigureAwait(false);
                LogCut(claim.Partition, Committed, next, cut.Rows, sealedCut.Files.Count);
                Committed = next;
            }

            // The lake has it: the log may forget it. A kill before this line only leaves work for the next cut.
            await retry.RunAsync("commit log", () => log.TrimAsync(claim.Partition, next, abort).AsTask(), abort).ConfigureAwait(false);
            await retry.RunAsync("lake store", () => states.PruneAsync(claim, next, abort), abort).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task CommitAsync(SealedCut sealedCut, long next, string stateKey, string stateSha256)
    {
        var first = Committed;
        var isRetry = false;
        FailPoint.Hit("t2-before");
        await retry.RunAsync(
            SinkRetry.Database,
            async () =>
            {
                if (isRetry && (await partitions.ReadOffsetsAsync(claim, abort).ConfigureAwait(false)).Lake == next)
                {
                    return;
                }

                isRetry = true;
                await writer.WriteAsync(
                    transaction =>
                    {
                        PartitionStore.AdvanceLake(transaction, claim, first, next, stateKey, stateSha256);
                        foreach (var file in sealedCut.Files)
                        {
                            LakeFileSql.Insert(transaction, file);
                        }

                        FailPoint.Hit("t2-in");
                    },
                    abort).ConfigureAwait(false);
            },
            abort).ConfigureAwait(false);
        FailPoint.Hit("t2-after");
    }

    [LoggerMessage(EventIds.CutCommitted, LogLevel.Debug, "Partition {Partition}: cut [{First}, {Next}) with {Rows} rows in {Files} files is committed")]
    private partial void LogCut(int partition, long first, long next, long rows, int files);
}

using System.Collections.Immutable;
using System.Data.Common;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// The two sinks that write to the database. One flush runs at a time, beside the worker: what arrives meanwhile is gathered and goes with
/// the next one. T1 (fast) begins as soon as the previous flush has ended; T1' (roll-up) follows in the same flush when it is due.
/// Called by the worker's thread only, flush task aside.
/// </summary>
internal sealed class DatabaseSinks
{
    private readonly PartitionClaim _claim;
    private readonly PartitionStore _store;
    private readonly DatabaseWriter _writer;
    private readonly ICommitLog? _forwardTo;
    private readonly ProfileCatalog _catalog;
    private readonly SensorTable _sensors;
    private readonly SinkRetry _retry;
    private readonly TimeProvider _time;
    private readonly Action<FastWindow, long> _committed;
    private readonly CancellationToken _abort;
    private FastWindow _fast, _fastInFlight;
    private RollupWindow _rollup, _rollupInFlight;
    private ImmutableArray<PlanAssignment> _assignments = [];
    private Task _flush = Task.CompletedTask;
    private long _position;
    private long _rollupFlushedAt;
    private long _fastEndedAt;
    private TimeSpan _fastRest;
    private TimeSpan _rollupInterval = SinkPacing.Shortest;

    /// <param name="offsets">Where the sinks stand; below its own offset a sink skips.</param>
    /// <param name="position">The worker's position; the replay position while it is below the offsets.</param>
    /// <param name="fullAt">Rows that T1 may hold back.</param>
    /// <param name="forwardTo">Gets the dead letters, if it forwards them; null: nobody.</param>
    /// <param name="committed">Called on the flush task after each T1, with what it wrote and the time in Unix ms.</param>
    /// <param name="abort">Ends retries; nothing is written after it fired.</param>
    public DatabaseSinks(
        PartitionClaim claim, PartitionOffsets offsets, long position, PartitionStore store, DatabaseWriter writer, ProfileCatalog catalog, SensorTable sensors,
        int deadLettersPerMinute, int fullAt, ICommitLog? forwardTo, SinkRetry retry, TimeProvider time, Action<FastWindow, long> committed, CancellationToken abort)
    {
        (_claim, _store, _writer, _catalog, _sensors) = (claim, store, writer, catalog, sensors);
        (_retry, _time, _committed, _abort) = (retry, time, committed, abort);
        (Fast, Rollup, _position) = (offsets.Fast, offsets.Rollup, position);
        _forwardTo = forwardTo is { ForwardsDeadLetters: true } ? forwardTo : null;
        var forwards = _forwardTo is not null;
        (_fast, _fastInFlight) = (new FastWindow(catalog, deadLettersPerMinute, forwards, fullAt), new FastWindow(catalog, deadLettersPerMinute, forwards, fullAt));
        (_rollup, _rollupInFlight) = (new RollupWindow(catalog), new RollupWindow(catalog));
        _rollupFlushedAt = time.GetTimestamp();
    }

    /// <summary>Committed offset of T1.</summary>
    public long Fast { get; private set; }

    /// <summary>Committed offset of T1'.</summary>
    public long Rollup { get; private set; }

    /// <summary>True while a flush runs.</summary>
    public bool IsBusy => !_flush.IsCompleted;

    /// <summary>True when the worker must let the running flush end before it adds more.</summary>
    public bool IsFull => _fast.IsFull || _rollup.CellCount >= SinkPacing.MostCells;

    /// <summary>True when the roll-up should go with the next flush.</summary>
    public bool IsRollupDue => _rollup.CellCount >= SinkPacing.MostCells / 2 || _time.GetElapsedTime(_rollupFlushedAt) >= _rollupInterval;

    /// <summary>True when T1 may begin although more records are at hand: after a rest that grows with what the last one took, so that many
    /// partitions that catch up do not spend their time in small transactions. When nothing is at hand T1 begins at once.</summary>
    public bool IsFastDue => !IsBusy && _time.GetElapsedTime(_fastEndedAt) >= _fastRest;

    /// <summary>True when there is something that T1 has not committed.</summary>
    public bool HasUncommitted => _position > Fast;

    /// <summary>True when there is something that T1' has not committed.</summary>
    public bool HasUnrolled => _position > Rollup;

    /// <summary>Puts a plan in force from here on: recorded by the T1 that writes the first rows above it, or up to it.</summary>
    /// <param name="assignment">From the end of the last batch on, or from the fast offset of the claim.</param>
    public void Assign(PlanAssignment assignment) => _assignments = _assignments.RemoveAll(a => a.FromOffset == assignment.FromOffset).Add(assignment);

    /// <summary>Gathers a batch. It lies wholly below or wholly above each sink's offset as of the claim.</summary>
    public void Add(MicroBatch batch)
    {
        var first = batch.FirstOffset;
        if (first >= _claim.Offsets.Fast)
        {
            _fast.Add(batch, _sensors);
        }

        if (first >= _claim.Offsets.Rollup)
        {
            _rollup.Add(batch, _sensors);
        }

        _position = batch.NextOffset;
    }

    /// <summary>Ends the running flush; throws what it threw.</summary>
    public Task WaitAsync() => _flush;

    /// <summary>Starts a flush of everything gathered, after <see cref="WaitAsync"/>. The task ends when the offsets have reached the worker's position.</summary>
    public Task Begin(bool includeRollup)
    {
        var next = _position;
        var fast = next > Fast ? _fast : null;
        ImmutableArray<PlanAssignment> assignments = [];
        if (fast is not null)
        {
            (_fast, _fastInFlight) = (_fastInFlight, _fast);
            (assignments, _assignments) = (_assignments, []);
        }

        var rollup = includeRollup && next > Rollup ? _rollup : null;
        if (rollup is not null)
        {
            (_rollup, _rollupInFlight) = (_rollupInFlight, _rollup);
        }

        return _flush = fast is null && rollup is null ? Task.CompletedTask : FlushAsync(fast, assignments, rollup, next);
    }

    private async Task FlushAsync(FastWindow? fast, ImmutableArray<PlanAssignment> assignments, RollupWindow? rollup, long next)
    {
        if (fast is not null)
        {
            using var span = IotTracing.Start("commit fast", _claim.Partition, Fast, next);
            FailPoint.Hit("t1-before");
            if (fast.Forwarded.Count > 0)
            {
                await _forwardTo!.ForwardDeadLettersAsync(_claim.Partition, fast.Forwarded).ConfigureAwait(false);
            }

            var fastBegan = _time.GetTimestamp();
            var now = 0L;
            await CommitAsync(
                DatabaseSink.Fast, Fast, next,
                transaction =>
                {
                    now = _time.GetUtcNow().ToUnixTimeMilliseconds();
                    foreach (var assignment in assignments)
                    {
                        PlanStore.Assign(transaction, _claim, assignment);
                    }

                    fast.Write(transaction, _claim, now);
                }).ConfigureAwait(false);
            FailPoint.Hit("t1-after");
            Fast = next;
            _committed(fast, _time.GetUtcNow().ToUnixTimeMilliseconds());
            fast.Clear();
            _fastEndedAt = _time.GetTimestamp();
            _fastRest = SinkPacing.RestAfterFast(_time.GetElapsedTime(fastBegan));
        }

        if (rollup is not null)
        {
            using var span = IotTracing.Start("commit roll-up", _claim.Partition, Rollup, next);
            FailPoint.Hit("rollup-before");
            var began = _time.GetTimestamp();
            await CommitAsync(
                DatabaseSink.Rollup, Rollup, next, transaction => RollupSql.Write(transaction, rollup, _catalog, _sensors)).ConfigureAwait(false);
            FailPoint.Hit("rollup-after");
            Rollup = next;
            rollup.Clear();
            _rollupFlushedAt = _time.GetTimestamp();
            _rollupInterval = SinkPacing.After(_time.GetElapsedTime(began));
        }
    }

    private Task CommitAsync(DatabaseSink sink, long first, long next, Action<DbTransaction> write)
    {
        var isRetry = false;
        return _retry.RunAsync(
            SinkRetry.Database,
            async () =>
            {
                if (isRetry)
                {
                    // The reply to a commit may have been lost: the row says whether it took place.
                    var offsets = await _store.ReadOffsetsAsync(_claim, _abort).ConfigureAwait(false);
                    if ((sink == DatabaseSink.Fast ? offsets.Fast : offsets.Rollup) == next)
                    {
                        return;
                    }
                }

                isRetry = true;
                await _writer.WriteAsync(
                    transaction =>
                    {
                        PartitionStore.Advance(transaction, _claim, sink, first, next);
                        write(transaction);
                        FailPoint.Hit(sink == DatabaseSink.Fast ? "t1-in" : "rollup-in");
                    },
                    _abort).ConfigureAwait(false);
            },
            _abort);
    }
}

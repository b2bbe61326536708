using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake.Reconcile;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Pipeline.Reconcile;

/// <summary>One pass of a replay over its records. Used once.</summary>
internal sealed class ReplayRun(
    ReplayDependencies d, PartitionClaim claim, PlanSchedule plans, PoisonHunt hunt, Action<PipelineTotals> committed, ILogger logger, CancellationToken abort)
{
    private const int ReadBytes = 1024 * 1024;
    private readonly SinkRetry _retry = new(claim.Partition, d.Monitor, d.Time, logger);
    private MicroBatchPipeline _pipeline = null!;
    private SensorTable _sensors = null!;
    private DatabaseSinks? _sinks;
    private long _position = claim.Offsets.Lake;

    /// <summary>Returns the state at the end.</summary>
    public async Task<byte[]> RunAsync(byte[]? state, BronzeRecords records, Action<long> progress)
    {
        await UsePlanAsync(state).ConfigureAwait(false);
        using var batch = new RecordBatch();
        while (true)
        {
            await records.ReadAsync(batch, ReadBytes, abort).ConfigureAwait(false);
            if (batch.Count == 0)
            {
                break;
            }

            await TakeAsync(batch).ConfigureAwait(false);
            progress(_position);
        }

        await FlushAsync(includeRollup: true).ConfigureAwait(false);
        await _sinks!.WaitAsync().ConfigureAwait(false);
        return SavedState.Capture(_sensors);
    }

    /// <summary>Waits for a flush that still runs; its failure was thrown already.</summary>
    public async Task SettleAsync() => await (_sinks?.WaitAsync() ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task TakeAsync(RecordBatch records)
    {
        for (var next = 0; next < records.Count;)
        {
            _position = records[next].Offset;
            if (plans.At(_position).PlanId != _pipeline.PlanId)
            {
                await FlushAsync(includeRollup: true).ConfigureAwait(false);
                await _sinks!.WaitAsync().ConfigureAwait(false);
                await UsePlanAsync(SavedState.Capture(_sensors)).ConfigureAwait(false);
            }

            var known = _sensors.Count;
            Process(records, next);
            await d.SensorKeys.AssignAsync(_sensors, known, _pipeline.Catalog, abort).ConfigureAwait(false);
            next = _pipeline.Batch.NextRecord;
            _position = _pipeline.Batch.NextOffset;
            _sinks!.Add(_pipeline.Batch);
            if (_sinks.IsFull || _sinks.IsFastDue)
            {
                await FlushAsync(_sinks.IsRollupDue).ConfigureAwait(false);
            }
        }
    }

    private void Process(RecordBatch records, int next)
    {
        if (hunt.IsPoison(_position))
        {
            _pipeline.TakePoison(records, next);
        }

        var stop = StopBefore();
        try
        {
            if (!hunt.IsPoison(_position))
            {
                _pipeline.Parse(records, next, stop);
            }

            _pipeline.Validate(_sensors);
            _pipeline.Score(_sensors);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new PoisonException(_position, Math.Min(stop, records[records.Count - 1].Offset + 1), e);
        }
    }

    private async Task FlushAsync(bool includeRollup)
    {
        await _sinks!.WaitAsync().ConfigureAwait(false);
        _ = _sinks.Begin(includeRollup);
    }

    private long StopBefore()
    {
        var stop = Math.Min(plans.NextChange(_position), hunt.StopBefore(_position));
        stop = _position < claim.Offsets.Fast ? Math.Min(stop, claim.Offsets.Fast) : stop;
        return _position < claim.Offsets.Rollup ? Math.Min(stop, claim.Offsets.Rollup) : stop;
    }

    private async Task UsePlanAsync(byte[]? state)
    {
        var assignment = plans.At(_position);
        var models = await PlannedModels.LoadAsync(assignment.Plan, d.LoadModel, abort).ConfigureAwait(false);
        _pipeline = new MicroBatchPipeline(assignment.PlanId, assignment.Plan, models, d.Options.Value.MicroBatchRows);
        _sensors = state is null ? new SensorTable(_pipeline.Catalog) : SensorTable.Load(new MemoryStream(state), _pipeline.Catalog);
        await d.SensorKeys.AssignAsync(_sensors, 0, _pipeline.Catalog, abort).ConfigureAwait(false);
        var offsets = _sinks is null ? claim.Offsets : new PartitionOffsets(_sinks.Fast, _sinks.Rollup, claim.Offsets.Lake);
        _sinks = new DatabaseSinks(
            claim, offsets, _position, d.Partitions, d.Writer, _pipeline.Catalog, _sensors, d.Options.Value.DeadLettersPerMinute, FastWindow.MostRows,
            forwardTo: null, _retry, d.Time, (window, _) => committed(window.Totals.Sum), abort);
    }
}

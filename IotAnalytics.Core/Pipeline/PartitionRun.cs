using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// One claim of a partition, from the saved state of its lake offset to the cut at the stop. The way of a reading:
/// read → parse → validate → score → gather for the database (T1, T1') → gather for the lake (T2).
/// </summary>
internal sealed partial class PartitionRun : IAsyncDisposable
{
    private const int FirstReadBytes = 32 * 1024;
    private const int MostReadBytes = 1024 * 1024;
    private const int ReadBytesOfAllPartitions = 2 * 1024 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstCutOfAnEmptyLake = TimeSpan.FromSeconds(10);
    private readonly PipelineDependencies _d;
    private readonly PartitionClaim _claim;
    private readonly PoisonHunt _hunt;
    private readonly CancellationToken _abort;
    private readonly RecordBatch _records = new();
    private readonly DateLimiter _dates = new();
    private readonly SinkRetry _retry;
    private readonly LakeOptions _lakeOptions;
    private readonly RunReporter _reporter;
    private readonly ILogger _logger;
    private readonly PlanSchedule _plans;
    private MicroBatchPipeline _pipeline;
    private SensorTable _sensors;
    private DatabaseSinks _sinks;
    private LakeSink _lake;
    private long _position;
    private int _readBytes = FirstReadBytes;

    private PartitionRun(PipelineDependencies d, PartitionClaim claim, PoisonHunt hunt, PlanSchedule plans, MicroBatchPipeline pipeline, SensorTable sensors, ILogger logger, CancellationToken abort)
    {
        (_d, _claim, _hunt, _plans, _pipeline, _sensors, _logger, _abort) = (d, claim, hunt, plans, pipeline, sensors, logger, abort);
        _position = claim.Offsets.Lake;
        _lakeOptions = d.Lake.Value;
        _retry = new SinkRetry(claim.Partition, d.Monitor, d.Time, logger);
        _reporter = new RunReporter(d, claim, _retry);
        _sinks = NewSinks(claim.Offsets);
        _lake = NewLake(claim);
        Record(_plans.At(_position));
    }

    /// <summary>Loads plan, models, saved state and sensor keys of the claim.</summary>
    public static async Task<PartitionRun> StartAsync(PipelineDependencies d, PartitionClaim claim, PoisonHunt hunt, ILogger logger, CancellationToken abort)
    {
        hunt.Add(await PartitionClaimer.ReadPoisonAsync(d.Writer, claim, abort).ConfigureAwait(false));
        var stored = await d.Plans.ReadAsync(claim.SourceId, claim.Partition, claim.Offsets.Lake, abort).ConfigureAwait(false);
        var current = await d.Plan.GetAsync(stored.LastOrDefault()?.Plan, abort).ConfigureAwait(false);
        var plans = new PlanSchedule(stored, current.PlanId, current.Plan, claim.Offsets.Fast);
        var pipeline = await CompileAsync(d, plans.At(claim.Offsets.Lake), previous: null, logger, abort).ConfigureAwait(false);
        var sensors = await d.States.LoadAsync(claim, pipeline.Catalog, abort).ConfigureAwait(false);
        await d.SensorKeys.AssignAsync(sensors, 0, pipeline.Catalog, abort).ConfigureAwait(false);
        return new PartitionRun(d, claim, hunt, plans, pipeline, sensors, logger, abort);
    }

    /// <summary>Runs until <paramref name="stopping"/> fires, then commits and cuts everything taken.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        _reporter.Report("running", _position, _sinks, _lake);
        while (!stopping.IsCancellationRequested)
        {
            await WaitForSpoolAsync(stopping).ConfigureAwait(false);
            try
            {
                // What waits for a running flush must not wait for new records too.
                var wait = _sinks.HasUncommitted ? TimeSpan.Zero : LongestWait;
                await _d.Log.ReadAsync(_claim.Partition, _position, _records, _readBytes, wait, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                break;
            }

            await TakeRecordsAsync().ConfigureAwait(false);
            // The first bytes are few: what a start finds in the log is seen soon, and not behind a long batch of every partition.
            _readBytes = Math.Min(_readBytes * 4, Math.Clamp(ReadBytesOfAllPartitions / _d.Log.PartitionCount, MostReadBytes / 4, MostReadBytes));
            await TickAsync().ConfigureAwait(false);
        }

        await CutAsync().ConfigureAwait(false);
        await (await FlushAsync(includeRollup: true).ConfigureAwait(false)).ConfigureAwait(false);
        await _lake.DrainAsync().ConfigureAwait(false);
        await _reporter.ReportLagAsync(_position, _abort).ConfigureAwait(false);
        _reporter.Report("stopped", _position, _sinks, _lake);
    }

    /// <summary>Waits for what still runs; its failures were thrown to the run already, or are of a claim that is over.</summary>
    public async Task SettleAsync()
    {
        await _sinks.WaitAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _lake.DrainAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await _lake.DisposeAsync().ConfigureAwait(false);
        _records.Dispose();
    }

    private async Task TakeRecordsAsync()
    {
        for (var next = 0; next < _records.Count;)
        {
            NoticePlan();
            _position = _records[next].Offset;
            if (_plans.At(_position).PlanId != _pipeline.PlanId)
            {
                await SwitchPlanAsync().ConfigureAwait(false);
            }

            var began = _d.Time.GetTimestamp();
            var batch = _pipeline.Batch;
            using var span = IotTracing.Start("micro-batch", _claim.Partition, _position, _position);
            var known = _sensors.Count;
            bool isCutFirst;
            using (await _d.Turns.TakeAsync(_abort).ConfigureAwait(false))
            {
                isCutFirst = Prepare(next) == batch.FirstRecord;
                if (!isCutFirst)
                {
                    Process(batch);
                }
            }

            if (isCutFirst)
            {
                await CutAsync().ConfigureAwait(false);
                continue;
            }

            if (_sensors.Count > known)
            {
                await _retry.RunAsync(SinkRetry.Database, () => _d.SensorKeys.AssignAsync(_sensors, known, _pipeline.Catalog, _abort), _abort).ConfigureAwait(false);
            }

            next = batch.NextRecord;
            _position = batch.NextOffset;
            await GatherAsync(batch).ConfigureAwait(false);
            span?.SetTag("iot.next_offset", _position).SetTag("iot.rows", batch.RowCount);
            PipelineMetrics.BatchRows.Record(batch.RowCount);
            PipelineMetrics.BatchSeconds.Record(_d.Time.GetElapsedTime(began).TotalSeconds);
        }
    }

    /// <summary>Fills the batch; returns the record before which the cut must close.</summary>
    private int Prepare(int next)
    {
        var batch = _pipeline.Batch;
        if (_hunt.IsPoison(_position))
        {
            _pipeline.TakePoison(_records, next);
            return batch.NextRecord;
        }

        try
        {
            _pipeline.Parse(_records, next, StopBefore());
            var limit = _dates.Take(batch);
            if (limit > batch.FirstRecord && limit < batch.NextRecord)
            {
                batch.TruncateBefore(limit);
            }

            return limit;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new PoisonException(_position, Math.Min(StopBefore(), _records[_records.Count - 1].Offset + 1), e);
        }
    }

    private void Process(MicroBatch batch)
    {
        try
        {
            _pipeline.Validate(_sensors);
            _pipeline.Score(_sensors);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new PoisonException(batch.FirstOffset, batch.NextOffset, e);
        }
    }

    private async Task GatherAsync(MicroBatch batch)
    {
        using (await _d.Turns.TakeAsync(_abort).ConfigureAwait(false))
        {
            _sinks.Add(batch);
            await _lake.AddAsync(batch, _sensors, _pipeline.ModelVersions, _abort).ConfigureAwait(false);
        }

        if ((_lake.IsFull && _lake.CanClose) || (_position == _claim.Offsets.Fast && _claim.Offsets.Lake < _claim.Offsets.Fast))
        {
            await CutAsync().ConfigureAwait(false);
        }
        else if (_sinks.IsFastDue || _sinks.IsFull)
        {
            await FlushAsync(_sinks.IsRollupDue).ConfigureAwait(false);
        }
    }

    /// <summary>A lake that is still empty gets its first cut soon, so that a new user sees files.</summary>
    private TimeSpan CutAge => _claim.StateObject is null && _lake.Committed == _claim.Offsets.Lake && _lakeOptions.CutAge > FirstCutOfAnEmptyLake
        ? FirstCutOfAnEmptyLake
        : _lakeOptions.CutAge;

    /// <summary>What is due by time.</summary>
    private async Task TickAsync()
    {
        _lake.ThrowIfFailed();
        if (_lake.Age >= CutAge && _lake.CanClose)
        {
            await CutAsync().ConfigureAwait(false);
        }
        else if ((_sinks.HasUncommitted && (_records.Count == 0 || _sinks.IsFastDue)) || (_sinks.HasUnrolled && _sinks.IsRollupDue && !_sinks.IsBusy))
        {
            await FlushAsync(_sinks.IsRollupDue).ConfigureAwait(false);
        }

        await _reporter.ReportLagAsync(_position, _abort).ConfigureAwait(false);
        _reporter.Report("running", _position, _sinks, _lake);
    }

    /// <summary>Lets the running flush end and starts the next.</summary>
    private async Task<Task> FlushAsync(bool includeRollup)
    {
        await _sinks.WaitAsync().ConfigureAwait(false);
        return _sinks.Begin(includeRollup);
    }

    private async Task CutAsync()
    {
        _dates.Clear();
        if (_lake.IsOpen)
        {
            var rollup = await FlushAsync(includeRollup: true).ConfigureAwait(false);
            await _lake.CloseAsync(_position, _sensors, rollup).ConfigureAwait(false);
        }
    }

    private long StopBefore()
    {
        var stop = Math.Min(_plans.NextChange(_position), _hunt.StopBefore(_position));
        stop = _position < _claim.Offsets.Fast ? Math.Min(stop, _claim.Offsets.Fast) : stop;
        return _position < _claim.Offsets.Rollup ? Math.Min(stop, _claim.Offsets.Rollup) : stop;
    }

    /// <summary>Puts the host's newest plan in force where the last batch ended, once that is above what T1 has written.</summary>
    private void NoticePlan()
    {
        if (_position >= _claim.Offsets.Fast && _d.Plan.Current is { } next && next.PlanId != _plans.NewestPlanId)
        {
            _plans.Change(_position, next.PlanId, next.Plan);
        }
    }

    /// <summary>Goes on with the plan of the position: what is gathered stays when only models differ.</summary>
    private async Task SwitchPlanAsync()
    {
        var assignment = _plans.At(_position);
        if (_pipeline.Plan.DiffersInModelsOnly(assignment.Plan))
        {
            _pipeline = await CompileAsync(_d, assignment, _pipeline, _logger, _abort).ConfigureAwait(false);
        }
        else
        {
            await SwitchProfilesAsync(assignment).ConfigureAwait(false);
        }

        Record(assignment);
        LogPlan(_logger, _claim.Partition, _pipeline.PlanId, _position);
    }

    /// <summary>Commits what the old plan made, then goes on with another catalog; the sensors keep their state.</summary>
    private async Task SwitchProfilesAsync(PlanAssignment assignment)
    {
        await CutAsync().ConfigureAwait(false);
        await (await FlushAsync(includeRollup: true).ConfigureAwait(false)).ConfigureAwait(false);
        await _lake.DrainAsync().ConfigureAwait(false);
        var offsets = new PartitionOffsets(_sinks.Fast, _sinks.Rollup, _lake.Committed);
        _pipeline = await CompileAsync(_d, assignment, previous: null, _logger, _abort).ConfigureAwait(false);
        _sensors = SensorTable.Load(new MemoryStream(SavedState.Capture(_sensors)), _pipeline.Catalog);
        await _d.SensorKeys.AssignAsync(_sensors, 0, _pipeline.Catalog, _abort).ConfigureAwait(false);
        await _lake.DisposeAsync().ConfigureAwait(false);
        _lake = NewLake(_claim with { Offsets = offsets });
        _sinks = NewSinks(offsets);
    }

    /// <summary>Lets the next T1 record an assignment that is new.</summary>
    private void Record(PlanAssignment assignment)
    {
        if (ReferenceEquals(assignment, _plans.Pending))
        {
            _sinks.Assign(assignment);
        }
    }

    private async Task WaitForSpoolAsync(CancellationToken stopping)
    {
        var logged = false;
        while (_lake.SpoolIsFull && !stopping.IsCancellationRequested)
        {
            if (!logged)
            {
                LogSpoolFull(_logger, _claim.Partition, _lakeOptions.SpoolMaxBytes);
                logged = true;
            }

            _reporter.Report("paused", _position, _sinks, _lake);
            await Task.Delay(LongestWait, _d.Time, CancellationToken.None).ConfigureAwait(false);
            _lake.ThrowIfFailed();
        }
    }

    private DatabaseSinks NewSinks(PartitionOffsets offsets) => new(
        _claim, offsets, _position, _d.Partitions, _d.Writer, _pipeline.Catalog, _sensors,
        _d.Options.Value.DeadLettersPerMinute, Math.Max(FastWindow.MostRows / _d.Log.PartitionCount, 500), _d.Log, _retry, _d.Time, _reporter.Committed, _abort);

    private LakeSink NewLake(PartitionClaim claim) => new(
        claim, new LakeCutContext(claim.SourceId, claim.Partition, claim.OwnerEpoch, _pipeline.Catalog, _lakeOptions, _d.Spool, _d.Encoders, _d.Options.Value.MaxBufferedBytes / _d.Log.PartitionCount),
        _d.Spool, _lakeOptions, _d.Store, _d.States, _d.Log, _d.Writer, _d.Partitions, _retry, _d.Time, _logger, _abort);

    private static async Task<MicroBatchPipeline> CompileAsync(
        PipelineDependencies d, PlanAssignment assignment, MicroBatchPipeline? previous, ILogger logger, CancellationToken cancellationToken)
    {
        var plan = assignment.Plan;
        if (plan.ParserVersion != ReadingParser.Version || plan.ScorerVersion != MicroBatchPipeline.ScorerVersion)
        {
            LogBuild(logger, assignment.PlanId, plan.ParserVersion, plan.ScorerVersion);
        }

        var models = d.Plan.Current is { } current && current.PlanId == assignment.PlanId
            ? current.Models
            : await PlannedModels.LoadAsync(plan, d.LoadModel, cancellationToken).ConfigureAwait(false);
        return previous?.With(assignment.PlanId, plan, models) ?? new MicroBatchPipeline(assignment.PlanId, plan, models, d.Options.Value.MicroBatchRows);
    }

    [LoggerMessage(EventIds.PlanChanged, LogLevel.Information, "Partition {Partition}: plan {Plan} is in force from offset {Offset}")]
    private static partial void LogPlan(ILogger logger, int partition, string plan, long offset);

    [LoggerMessage(EventIds.BuildChanged, LogLevel.Warning,
        "Plan {Plan} was made by parser {Parser} and scorer {Scorer} of another build: replayed rows may differ from those written before")]
    private static partial void LogBuild(ILogger logger, string plan, int parser, int scorer);

    [LoggerMessage(EventIds.SpoolFull, LogLevel.Warning, "Partition {Partition} pauses: the lake spool holds more than {Bytes} bytes")]
    private static partial void LogSpoolFull(ILogger logger, int partition, long bytes);
}

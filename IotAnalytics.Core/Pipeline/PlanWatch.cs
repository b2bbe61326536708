using System.Collections.Immutable;
using System.Data.Common;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// The plan that this host puts in force next. Asks the database twice a second whether an alias of a model has changed, and makes a new plan when one has;
/// the runs look at <see cref="Current"/> between two micro-batches. A model that cannot be used never stops them: the old one goes on, and is asked for again.
/// </summary>
internal sealed partial class PlanWatch(
    CurrentPlan plan, PlanStore plans, ModelLoader load, DatabaseReader reader, TimeProvider time, ILogger<PlanWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AgainInterval = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile NextPlan? _current;
    private ImmutableArray<ModelAliases> _tried = [];
    private ImmutableArray<UnusableModel> _unusable = [];
    private long _triedAt;
    private bool _isWhole;

    /// <summary>The newest plan; null before the first partition asked for one.</summary>
    public NextPlan? Current => _current;

    /// <summary>The newest plan, made now when there is none.</summary>
    /// <param name="previous">Of the partition that asks: its models stand in for champions that cannot be used.</param>
    public async Task<NextPlan> GetAsync(ScoringPlan? previous, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _current ?? await MakeAsync(previous, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_current is { } current && !stoppingToken.IsCancellationRequested)
            {
                await LookAsync(current, stoppingToken).ConfigureAwait(false);
            }
        }
    }

    private async Task LookAsync(NextPlan current, CancellationToken stopping)
    {
        try
        {
            var aliases = await reader.ReadAsync(ModelAliases.Read, stopping).ConfigureAwait(false);
            var isAgain = !_isWhole && time.GetElapsedTime(_triedAt) >= AgainInterval;
            if (isAgain || !aliases.SequenceEqual(_tried))
            {
                (_tried, _triedAt, _isWhole) = (aliases, time.GetTimestamp(), false);
                await _turn.WaitAsync(stopping).ConfigureAwait(false);
                try
                {
                    await MakeAsync(current.Plan, stopping).ConfigureAwait(false);
                }
                finally
                {
                    _turn.Release();
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The loop ends.
        }
        catch (DbException)
        {
            // The sinks tell of a database that is away; here nothing is lost but time.
        }
        catch (Exception e)
        {
            LogNotMade(e);
        }
    }

    private async Task<NextPlan> MakeAsync(ScoringPlan? previous, CancellationToken cancellationToken)
    {
        var made = await plan.MakeAsync(previous, cancellationToken).ConfigureAwait(false);
        // Held here: however many partitions take the plan, and whatever the store does meanwhile.
        var models = await PlannedModels.LoadAsync(made.Plan, load, cancellationToken).ConfigureAwait(false);
        var id = await plans.SaveAsync(made.Plan, cancellationToken).ConfigureAwait(false);
        foreach (var model in made.Unusable.Where(m => !_unusable.Any(o => o.Name == m.Name && o.Version == m.Version)))
        {
            LogUnusable(model.Name, model.Version, model.Reason);
        }

        (_tried, _triedAt, _isWhole, _unusable) = (made.Aliases, time.GetTimestamp(), made.Unusable.IsEmpty, made.Unusable);
        var next = new NextPlan(id, made.Plan, models);
        _current = next;
        return next;
    }

    [LoggerMessage(EventIds.ModelUnusable, LogLevel.Error, "Model {Name} version {Version} cannot be used; what scored before goes on, and it is tried again every 2 s")]
    private partial void LogUnusable(string name, string version, Exception exception);

    [LoggerMessage(EventIds.PlanNotMade, LogLevel.Warning, "No plan can be made of what the aliases of the models mean now; the old one stays in force")]
    private partial void LogNotMade(Exception exception);
}

/// <summary>A plan to be put in force, with its models.</summary>
internal sealed record NextPlan(string PlanId, ScoringPlan Plan, PlannedModels Models);

using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>
/// Grows a candidate again with two other seeds, each without one half of the period, so that there are figures on readings that the model has not seen. Where
/// too little is left of the window, only the seeds differ.
/// </summary>
internal sealed class GateTrials(ProfileReadingsQuery query, TimeProvider time)
{
    /// <summary>Rest after each chunk, as a share of the time that it took: the processor belongs to the pipeline.</summary>
    private const double Rest = 0.25;

    /// <param name="request">What made the candidate.</param>
    public async Task<IReadOnlyList<GateTrial>> GrowAsync(CandidateRequest request, TimeBlock period, CancellationToken cancellationToken)
    {
        var middle = period.FromMs + (period.ToMs - period.FromMs) / 2;
        TimeBlock[] halves = [period with { ToMs = middle }, period with { FromMs = middle }];
        try
        {
            return await GrowAsync(
                request, [.. halves.Select(h => (Without: (TimeBlock?)h, JudgedOn: h))], cancellationToken).ConfigureAwait(false);
        }
        catch (TrainingException)
        {
            try
            {
                return await GrowAsync(request, [(null, period), (null, period)], cancellationToken).ConfigureAwait(false);
            }
            catch (TrainingException)
            {
                return [];
            }
        }
    }

    private async Task<IReadOnlyList<GateTrial>> GrowAsync(
        CandidateRequest request, (TimeBlock? Without, TimeBlock JudgedOn)[] trials, CancellationToken cancellationToken)
    {
        CandidateTrainer[] trainers =
        [
            .. trials.Select((trial, i) => new CandidateTrainer(request with
            {
                Seed = request.Seed + 1 + i,
                Exclusions = trial.Without is { } block
                    ? request.Exclusions with { Periods = [.. request.Exclusions.Periods, new ExcludedPeriod(null, block.FromMs, block.ToMs)] }
                    : request.Exclusions,
            })),
        ];
        var started = time.GetTimestamp();
        await foreach (var chunk in query.ReadAsync(request.Profile, Time(request.FromMs), Time(request.ToMs), cancellationToken).ConfigureAwait(false))
        {
            foreach (var trainer in trainers)
            {
                trainer.Add(chunk);
            }

            await Task.Delay(time.GetElapsedTime(started) * Rest, time, cancellationToken).ConfigureAwait(false);
            started = time.GetTimestamp();
        }

        return await Task.Factory.StartNew(
            () => trainers.Select((t, i) => new GateTrial(t.Finish(cancellationToken).Model, trials[i].JudgedOn, IsUnseen: trials[i].Without is not null)).ToArray(),
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
}

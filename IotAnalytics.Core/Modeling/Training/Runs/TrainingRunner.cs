using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>Does one run: reads the window, trains, registers the version. The version and the run's success are one transaction.</summary>
internal sealed class TrainingRunner(
    ProfileCatalog profiles, ProfileReadingsQuery query, DatabaseReader reader, ModelRegistry registry, LevelMemories memories, TimeProvider time)
{
    /// <summary>Share of a run that is spent on reading, for its progress.</summary>
    private const double ReadingShare = 0.9;

    /// <summary>Rest after each chunk, as a share of the time that it took: the processor belongs to the pipeline.</summary>
    private const double Rest = 0.25;

    /// <exception cref="TrainingException">No model can be made of these readings.</exception>
    /// <exception cref="TrainingRunLostException">The run is no longer this host's; there is no version.</exception>
    public async Task<ModelSnapshot> RunAsync(TakenRun run, TrainingProgress progress, CancellationToken cancellationToken)
    {
        using var span = IotTracing.Source.StartActivity("train");
        span?.SetTag("iot.model", run.Name).SetTag("iot.training_run", run.RunId);
        var profile = profiles.Profiles.FirstOrDefault(p => p.Name == run.Name)
            ?? throw new TrainingException($"There is no profile {run.Name} any more.");
        var exclusions = await reader.ReadAsync(t => ExclusionRows.Read(t, run.Name, run.FromMs, run.ToMs), cancellationToken).ConfigureAwait(false);
        var champion = await ChampionAsync(profile, cancellationToken).ConfigureAwait(false);
        var memory = await memories.LoadAsync(profile, cancellationToken).ConfigureAwait(false);
        var trainer = new CandidateTrainer(new CandidateRequest(profile, run.FromMs, run.ToMs, run.Seed, exclusions, champion, memory));
        await ReadAsync(run, profile, trainer, progress, cancellationToken).ConfigureAwait(false);

        progress.Report("growing", ReadingShare, trainer.Readings);
        FailPoint.Hit("training-read");
        // A thread of its own: those of the pool are the pipeline's.
        var candidate = await Task.Factory.StartNew(
            () => trainer.Finish(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);

        progress.Report("registering", 1, trainer.Readings);
        FailPoint.Hit("training-grown");
        await memories.SaveAsync(run.Name, candidate.Memory, cancellationToken).ConfigureAwait(false);
        var model = await registry.AddVersionAsync(
            candidate.Model, run.RequestedBy, run.RunId,
            (transaction, version) =>
            {
                if (!TrainingRunRows.Succeed(transaction, run, version, trainer.Readings, transaction.Now(time)))
                {
                    throw new TrainingRunLostException(run.RunId);
                }

                FailPoint.Hit("training-registering");
            },
            cancellationToken).ConfigureAwait(false);
        FailPoint.Hit("training-registered");
        return model;
    }

    /// <summary>A bootstrap model, or one that cuts a share of its rows off, knows no fault from what is usual.</summary>
    private async Task<ModelSnapshot?> ChampionAsync(SensorProfile profile, CancellationToken cancellationToken)
    {
        var champion = await registry.GetChampionAsync(profile.Name, cancellationToken).ConfigureAwait(false);
        return champion?.Card.Threshold.Rule == ModelCardThreshold.AlarmRate && ModelFit.Mismatch(champion, profile) is null ? champion : null;
    }

    private async Task ReadAsync(
        TakenRun run, SensorProfile profile, CandidateTrainer trainer, TrainingProgress progress, CancellationToken cancellationToken)
    {
        const string Stage = "reading the lake";
        progress.Report(Stage, 0, 0);
        var readings = await query.OpenAsync(profile, Time(run.FromMs), Time(run.ToMs), cancellationToken).ConfigureAwait(false);
        var started = time.GetTimestamp();
        await foreach (var chunk in readings.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            trainer.Add(chunk);
            progress.Report(Stage, ReadingShare * readings.PassedRows / Math.Max(1, readings.FileRows), trainer.Readings);
            FailPoint.Hit("training-reading");
            await Task.Delay(time.GetElapsedTime(started) * Rest, time, cancellationToken).ConfigureAwait(false);
            started = time.GetTimestamp();
        }
    }

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
}

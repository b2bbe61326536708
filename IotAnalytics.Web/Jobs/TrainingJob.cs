using IotAnalytics.Core.Modeling.Training.Runs;

namespace IotAnalytics.Web.Jobs;

/// <summary>By the profile's schedule: queues a training run.</summary>
internal sealed class TrainingJob(TrainingRuns runs)
{
    public Task RunAsync(string model, CancellationToken cancellationToken) => runs.EnqueueScheduledAsync(model, cancellationToken);
}

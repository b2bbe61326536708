using IotAnalytics.Core.Metrics;

namespace IotAnalytics.Web.Jobs;

/// <summary>Hourly: minutes older than 7 days become hours, hours older than 2 years go.</summary>
internal sealed class RollupRetentionJob(RollupRetention retention)
{
    public Task RunAsync(CancellationToken cancellationToken) => retention.RunAsync(cancellationToken);
}

using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Pipeline;

/// <summary>What a worker needs; shared by all workers of the host.</summary>
/// <param name="Owner">Names this host in the claims.</param>
internal sealed record PipelineDependencies(
    HostIdentity Owner, ICommitLog Log, DatabaseWriter Writer, PartitionStore Partitions, PlanStore Plans, CurrentPlan Plan, ModelRegistry Models, SensorKeys SensorKeys,
    SavedState States, ILakeStore Store, LakeSpool Spool, IOptions<LakeOptions> Lake, IOptions<PipelineOptions> Options, PipelineMonitor Monitor, LiveFeed Feed,
    DataDirectory Directory, TimeProvider Time);

/// <summary>The name of this process in claims and status rows: host name and process id.</summary>
internal sealed record HostIdentity(string Name)
{
    public static HostIdentity OfThisProcess() => new($"{Environment.MachineName}:{Environment.ProcessId}");
}

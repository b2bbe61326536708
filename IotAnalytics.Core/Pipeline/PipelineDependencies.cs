using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Roles;
using IotAnalytics.Core.Scoring;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Pipeline;

/// <summary>What a worker needs; shared by all workers of the host.</summary>
/// <param name="Owner">Names this host in the claims.</param>
internal sealed record PipelineDependencies(
    HostIdentity Owner, ICommitLog Log, DatabaseWriter Writer, PartitionStore Partitions, PlanStore Plans, PlanWatch Plan, ModelLoader LoadModel, SensorKeys SensorKeys,
    SavedState States, ILakeStore Store, DeltaPublisher Publisher, LakeSpool Spool, LakeEncoders Encoders, IOptions<LakeOptions> Lake, IOptions<PipelineOptions> Options, PipelineMonitor Monitor, LiveFeed Feed,
    DataDirectory Directory, ProcessorTurns Turns, TimeProvider Time);

/// <summary>Gives a version of a model; throws when there is none.</summary>
internal delegate Task<ModelSnapshot> ModelLoader(string name, string version, CancellationToken cancellationToken);

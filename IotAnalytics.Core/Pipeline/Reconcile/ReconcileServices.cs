using IotAnalytics.Core.Lake.Reconcile;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Core.Pipeline.Reconcile;

public static class ReconcileServices
{
    /// <summary>What <c>lake reconcile</c> needs beyond all other features; a host has no use for it.</summary>
    public static IServiceCollection AddReconciliation(this IServiceCollection services) => services
        .AddSingleton<LakeSurveyor>().AddSingleton<RowRecovery>().AddSingleton<FileSplit>().AddSingleton<ReconcileCommit>().AddSingleton<LostModels>().AddSingleton<RebuiltPlans>().AddSingleton<ReplayDependencies>().AddSingleton<BronzeReplay>()
        .AddSingleton<PartitionRebuild>().AddSingleton<LiveHosts>().AddSingleton<LostSources>().AddSingleton<LakeReconciler>();
}

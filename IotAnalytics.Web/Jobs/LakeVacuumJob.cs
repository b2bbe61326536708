using IotAnalytics.Core.Lake.Upkeep;

namespace IotAnalytics.Web.Jobs;

/// <summary>Nightly, after the compaction: bronze beyond its retention goes, and files that no reader needs.</summary>
internal sealed class LakeVacuumJob(LakeVacuum vacuum)
{
    public Task RunAsync(CancellationToken cancellationToken) => vacuum.VacuumAsync(cancellationToken);
}

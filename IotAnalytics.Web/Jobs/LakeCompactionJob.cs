using IotAnalytics.Core.Lake.Upkeep;

namespace IotAnalytics.Web.Jobs;

/// <summary>Nightly: small files of closed dates become large ones.</summary>
internal sealed class LakeCompactionJob(LakeCompactor compactor)
{
    public Task RunAsync(CancellationToken cancellationToken) => compactor.CompactAsync(cancellationToken);
}

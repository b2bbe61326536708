using Hangfire.Common;
using Hangfire.Server;
using IotAnalytics.Core.Roles;

namespace IotAnalytics.Web.Jobs;

/// <summary>Where every host has a schedule of its own, a job runs only on the one that does the upkeep for all.</summary>
internal sealed class UpkeepTurn(HostRoles roles) : JobFilterAttribute, IServerFilter
{
    public void OnPerforming(PerformingContext context) => context.Canceled = !roles.Holds(HostRole.Upkeep);

    public void OnPerformed(PerformedContext context)
    {
    }
}

using System.Data.Common;
using IotAnalytics.Core.Roles;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>Watches for drift every five minutes, on the host that keeps the models.</summary>
internal sealed class DriftService(DriftWatch watch, HostRoles roles, TimeProvider time, ILogger<DriftService> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // First the wait: a start has better things to do.
            await Task.Delay(Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (!stoppingToken.IsCancellationRequested && roles.Holds(HostRole.ModelKeeper))
                {
                    await watch.MeasureAllAsync(stoppingToken).ConfigureAwait(false);
                }
            }
            catch (DbException e)
            {
                logger.DriftNotMeasured("every model", e);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }
}

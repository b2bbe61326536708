using System.Data.Common;
using IotAnalytics.Core.Roles;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>
/// Publishes every <c>Lake:PublishInterval</c> while this host is the publisher; every host once more at its stop, what it has just cut. Registered before the pipeline, so that it starts before
/// the first cut and stops after the last.
/// </summary>
internal sealed class DeltaPublishService(
    DeltaPublisher publisher, HostRoles roles, LakeSpool spool, IOptions<LakeOptions> options, TimeProvider time, ILogger<DeltaPublishService> logger) : BackgroundService
{
    private bool _isVerified;

    /// <summary>Clears the spool of the last run and refuses to start on a lake that is ahead of the database.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        spool.Clear();
        await publisher.VerifyNotAheadAsync(cancellationToken).ConfigureAwait(false);
        _isVerified = true;
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (!_isVerified)
        {
            // The start was refused: hands off the lake.
            return;
        }

        try
        {
            await TryPublishAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // No time left for it: what is committed is published by the next start.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.PublishInterval, time);
        try
        {
            do
            {
                if (roles.Holds(HostRole.Publisher))
                {
                    await TryPublishAsync(stoppingToken).ConfigureAwait(false);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping; StopAsync publishes once more.
        }
        catch (Exception)
        {
            // A background service that throws stops the host, but with exit code 0.
            Environment.ExitCode = 1;
            throw;
        }
    }

    private async Task TryPublishAsync(CancellationToken cancellationToken)
    {
        try
        {
            await publisher.PublishAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or DbException)
        {
            // The store or the database is down. What was committed waits; the next tick tries again.
            LakeMeter.PublishFailures.Add(1);
            Log.PublishFailed(logger, e.Message);
        }
    }
}

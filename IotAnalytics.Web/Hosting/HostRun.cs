using IotAnalytics.Core.CommitLog;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Endpoints;

namespace IotAnalytics.Web.Hosting;

/// <summary>Starts a built host and waits for its end, with an exit code that tells the truth.</summary>
internal static class HostRun
{
    /// <summary>Starts everything. A failure is one line for the user; what the operator cannot mend is in the log with its stack.</summary>
    public static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            // The servers' answers come while the routes are made.
            app.Services.GetRequiredService<StoreChecks>().Begin(cancellationToken);
            app.UseRequestPipeline();
            await StartOrStopAsync(app, cancellationToken);
        }
        catch (Exception e) when (e is CommitLogException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandLine.Failed, $"cannot start: {e.Message}", e);
        }
        catch (Exception e) when (e is not OperationCanceledException and not CommandException)
        {
            Log.StartFailed(app.Logger, e);
            throw new CommandException(CommandLine.Failed, $"cannot start: {e.Message} (the log has more)", e);
        }
    }

    /// <summary>What had started when a later part failed is stopped in order.</summary>
    private static async Task StartOrStopAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.StopAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Returns when the host has stopped; the token asks it to.</summary>
    public static async Task<int> WaitForEndAsync(WebApplication app, CancellationToken cancellationToken)
    {
        await app.WaitForShutdownAsync(cancellationToken);

        // A background service that throws stops the host, which then ends as if all were well.
        var exitCode = Environment.ExitCode;
        foreach (var service in app.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            if (service.ExecuteTask is { IsFaulted: true, Exception.InnerException: { } error })
            {
                Log.ServiceFailed(app.Logger, error, service.GetType().Name);
                exitCode = CommandLine.Failed;
            }
        }

        return exitCode;
    }
}

using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Runs a worker for each partition that the log gives this host. Stopping is graceful: the workers take no more records, commit and cut what they took, and only
/// then are the partitions given back; when the host's time for that runs out they drop it, and the next owner replays it. A worker that fails ends the host.
/// </summary>
internal sealed partial class PipelineService : IHostedService, IAsyncDisposable
{
    private readonly PipelineDependencies _dependencies;
    private readonly SourceRegistry _sources;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<PipelineService> _logger;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly CancellationTokenSource _leave = new();
    private readonly PartitionWorkers _workers;
    private Task _assignment = Task.CompletedTask;
    private int _sourceId;

    public PipelineService(
        PipelineDependencies dependencies, SourceRegistry sources, ILoggerFactory loggers, ILogger<PipelineService> logger, IHostApplicationLifetime lifetime)
    {
        (_dependencies, _sources, _loggers, _logger, _lifetime) = (dependencies, sources, loggers, logger, lifetime);
        _workers = new PartitionWorkers(RunAsync, dependencies.Monitor, dependencies.Time);
    }

    /// <summary>Registers the source and asks for partitions; the log is open and the database migrated.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _sourceId = await _sources.OpenAsync(_dependencies.Log.Source, cancellationToken).ConfigureAwait(false);
        _assignment = Task.Run(AssignAsync, CancellationToken.None);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _workers.StopAsync(cancellationToken).ConfigureAwait(false);
        await _leave.CancelAsync().ConfigureAwait(false);
        await _assignment.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        // A host whose start failed later on never called the stop; what it took is dropped.
        await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        _leave.Dispose();
    }

    private async Task AssignAsync()
    {
        try
        {
            await _dependencies.Log.RunAssignmentAsync(_workers, _leave.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogAssignmentFailed(e);
            EndHost();
        }
    }

    private async Task RunAsync(int partition, CancellationToken stopping, CancellationToken abort)
    {
        try
        {
            var worker = new PartitionWorker(_dependencies, _sourceId, partition, _loggers.CreateLogger<PartitionWorker>());
            await worker.RunAsync(stopping, abort).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogFailed(partition, e);
            _dependencies.Monitor.Fail(partition, e.Message);
            EndHost();
        }
    }

    /// <summary>The host's default for a failed background task is to end with exit code 0.</summary>
    private void EndHost()
    {
        Environment.ExitCode = 1;
        _lifetime.StopApplication();
    }

    [LoggerMessage(EventIds.AssignmentFailed, LogLevel.Critical, "The log gives no partitions any more; the host ends")]
    private partial void LogAssignmentFailed(Exception exception);

    [LoggerMessage(EventIds.WorkerFailed, LogLevel.Critical, "Partition {Partition} failed; the host ends")]
    private partial void LogFailed(int partition, Exception exception);
}

using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Runs a worker for each partition. Stopping is graceful: the workers take no more records, commit and cut what they took; when the
/// host's time for that runs out they drop it, and the next start replays it. A worker that fails ends the host.
/// </summary>
internal sealed partial class PipelineService(
    PipelineDependencies dependencies, SourceRegistry sources, ILoggerFactory loggers, ILogger<PipelineService> logger, IHostApplicationLifetime lifetime) : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abort = new();
    private Task[] _workers = [];

    /// <summary>Registers the source and starts the workers; the log is open and the database migrated.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var sourceId = await sources.OpenAsync(dependencies.Log.Source, cancellationToken).ConfigureAwait(false);
        dependencies.Monitor.Expect(dependencies.Log.PartitionCount);
        _workers = [.. Enumerable.Range(0, dependencies.Log.PartitionCount).Select(partition => Task.Run(() => RunAsync(sourceId, partition), CancellationToken.None))];
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await using var registration = cancellationToken.UnsafeRegister(static abort => ((CancellationTokenSource)abort!).Cancel(), _abort);
        await Task.WhenAll(_workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        // Both: a host whose start failed later on never called the stop, and a worker at rest waits for that token.
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _abort.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
        _abort.Dispose();
    }

    private async Task RunAsync(int sourceId, int partition)
    {
        try
        {
            var worker = new PartitionWorker(dependencies, sourceId, partition, loggers.CreateLogger<PartitionWorker>());
            await worker.RunAsync(_stopping.Token, _abort.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogFailed(partition, e);
            dependencies.Monitor.Fail(partition, e.Message);
            // The host's default for a failed background task is to end with exit code 0.
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    [LoggerMessage(EventIds.WorkerFailed, LogLevel.Critical, "Partition {Partition} failed; the host ends")]
    private partial void LogFailed(int partition, Exception exception);
}

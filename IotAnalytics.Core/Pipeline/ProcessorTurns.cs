namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// As many micro-batches are worked on at once as there are processors, first come first served: many partitions that catch up would otherwise take
/// every thread, and what they have gathered would wait behind them for its way to the database.
/// </summary>
internal sealed class ProcessorTurns : IDisposable
{
    private readonly SemaphoreSlim _free = new(Environment.ProcessorCount, Environment.ProcessorCount);

    /// <summary>Waits for a turn; disposing the result ends it. Not to be held while waiting for anything else.</summary>
    public async ValueTask<Turn> TakeAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Turn(_free);
    }

    public void Dispose() => _free.Dispose();

    internal readonly struct Turn(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}

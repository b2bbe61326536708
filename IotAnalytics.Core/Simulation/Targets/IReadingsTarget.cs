namespace IotAnalytics.Core.Simulation.Targets;

/// <summary>Where simulated and recorded readings go. Safe for several threads; what is under way is bounded. Readings of one sensor that are sent one
/// after the other stay in this order.</summary>
internal interface IReadingsTarget : IDisposable
{
    /// <summary>Readings that were taken for good.</summary>
    long Accepted { get; }

    /// <summary>Readings that were refused.</summary>
    long Rejected { get; }

    /// <summary>Attempts beyond the first of a body.</summary>
    long Retries { get; }

    /// <summary>Sends one body; waits while too much is under way. Some targets tell only at <see cref="FlushAsync"/> or at a later body that it was not taken.</summary>
    /// <param name="body">NDJSON; must not change until the task ends.</param>
    /// <exception cref="ReadingsTargetException">Sending cannot go on.</exception>
    Task SendAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken);

    /// <summary>Waits until every body is taken for good.</summary>
    /// <exception cref="ReadingsTargetException">One was not.</exception>
    Task FlushAsync(CancellationToken cancellationToken);
}

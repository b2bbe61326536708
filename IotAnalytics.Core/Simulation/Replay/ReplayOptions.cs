namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>How files are replayed.</summary>
internal sealed record ReplayOptions
{
    /// <summary>Event time per wall time, above 0; null: as fast as the readings are taken (default).</summary>
    public double? Speed { get; init; }

    /// <summary>Closes a body at every 5 minutes of event time and keeps the order of all bodies, for hosts that take the record time from the events.</summary>
    public bool RecordTimeFromEvents { get; init; }

    /// <summary>Takes times without a zone as UTC instead of refusing them.</summary>
    public bool AssumeUtc { get; init; }

    /// <summary>Leaves out and counts rows that cannot be read, instead of ending.</summary>
    public bool SkipBad { get; init; }
}

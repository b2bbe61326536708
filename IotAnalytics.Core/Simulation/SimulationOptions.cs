namespace IotAnalytics.Core.Simulation;

/// <summary>How simulated sensors behave.</summary>
internal enum SimulationMode
{
    /// <summary>Every reading is drawn independently: from the Normal bands, or, at the anomaly rate, all measurements from the Anomalous bands.</summary>
    Independent,

    /// <summary>A daily cycle and correlated noise per sensor inside the Normal bands, with episodes of spike, drift, stuck value and dropout.</summary>
    Realistic,
}

/// <summary>What a <see cref="SensorSimulator"/> makes. The same options give the same bytes.</summary>
internal sealed record SimulationOptions
{
    /// <summary>Number of sensors, 1 to 10,000,000. Default 5.</summary>
    public int Sensors { get; init; } = 5;

    /// <summary>Number of the first sensor; 1 makes <c>sensor_001</c> the first. A sensor's stream depends on its number and the seed alone,
    /// so that a fleet divided among several simulators behaves as one.</summary>
    public int FirstSensor { get; init; } = 1;

    /// <summary>Share of readings that are anomalous (independent) or lie in a fault episode (realistic), 0 to 0.9. Default 0.1.</summary>
    public double AnomalyRate { get; init; } = 0.1;

    /// <summary>Default 1.</summary>
    public long Seed { get; init; } = 1;

    public SimulationMode Mode { get; init; } = SimulationMode.Independent;
}

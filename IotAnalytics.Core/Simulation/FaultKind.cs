namespace IotAnalytics.Core.Simulation;

/// <summary>The truth about a simulated reading.</summary>
internal enum FaultKind : byte
{
    None = 0,

    /// <summary>One measurement jumps into its Anomalous band for one reading.</summary>
    Spike = 1,

    /// <summary>One measurement wanders off, evenly, until it is in the middle of its Anomalous band.</summary>
    Drift = 2,

    /// <summary>All measurements repeat their last values.</summary>
    Stuck = 3,

    /// <summary>The sensor is silent: the reading was due and is not sent.</summary>
    Dropout = 4,

    /// <summary>All measurements are drawn from their Anomalous bands.</summary>
    Anomalous = 5,
}

internal static class FaultKindNames
{
    private static readonly string[] Names = ["none", "spike", "drift", "stuck", "dropout", "anomalous"];

    /// <summary>The name in truth files.</summary>
    public static string ToName(this FaultKind fault) => Names[(int)fault];
}

namespace IotAnalytics.Core.Simulation;

/// <summary>Kinds, lengths and frequencies of the realistic mode's fault episodes.</summary>
internal static class FaultEpisodes
{
    /// <summary>Readings of a drift: ten minutes at a reading every ten seconds.</summary>
    public const int DriftReadings = 60;

    /// <summary>Readings of a stuck value: twice the 20 intervals after which it counts as stuck.</summary>
    public const int StuckReadings = 40;

    /// <summary>Readings that a dropout swallows.</summary>
    public const int DropoutReadings = 15;

    // Of 16 episodes 12 are spikes: long faults would otherwise make nearly every faulty reading a drift.
    private const double MeanLength = (12 * 1 + 1 * DriftReadings + 1 * StuckReadings + 2 * DropoutReadings) / 16.0;

    /// <summary>
    /// The chance that a healthy reading begins an episode, so that <paramref name="anomalyRate"/> of all readings due lie in one.
    /// With mean length L the share is pL / (pL + 1 − p); solved for p.
    /// </summary>
    public static double StartChance(double anomalyRate) => anomalyRate / (MeanLength * (1 - anomalyRate) + anomalyRate);

    /// <summary>The next episode's kind and length.</summary>
    public static (FaultKind Kind, int Readings) Draw(ref SeededStream stream) => (stream.Next() >> 60) switch
    {
        < 12 => (FaultKind.Spike, 1),
        12 => (FaultKind.Drift, DriftReadings),
        13 => (FaultKind.Stuck, StuckReadings),
        _ => (FaultKind.Dropout, DropoutReadings),
    };
}

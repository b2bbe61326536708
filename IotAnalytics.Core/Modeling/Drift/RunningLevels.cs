namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>
/// What a sensor's values are away from their own recent level, which follows with the weight of an EWMA (Roberts 1959) and by at most one scale times that weight a reading, so that a shift stays
/// visible for a while. What is left is fast change: days, nights and seasons are taken away.
/// </summary>
/// <param name="scales">Of each stream; a level moves by no more. Infinite: by anything.</param>
/// <param name="pauseMs">After a longer pause a sensor's level is learned anew: what was before says nothing.</param>
internal sealed class RunningLevels(double[] scales, long pauseMs)
{
    /// <summary>Readings of a sensor over which its level is forgotten.</summary>
    private const double Span = 100;

    /// <summary>Readings of a sensor, at first and after a pause, that only make its level.</summary>
    private const int Learning = 100;

    private readonly Dictionary<string, SensorLevel> _sensors = new(StringComparer.Ordinal);

    /// <summary>The next reading of a sensor: one value per stream, NaN where missing.</summary>
    /// <param name="away">Receives what each value is away from its level.</param>
    /// <returns>False while the level is being learned.</returns>
    public bool Next(string sensor, long eventMs, ReadOnlySpan<double> values, Span<double> away)
    {
        if (!_sensors.TryGetValue(sensor, out var known) || eventMs - known.LastMs > pauseMs)
        {
            _sensors[sensor] = known = new SensorLevel(new double[scales.Length]);
        }

        for (var s = 0; s < scales.Length; s++)
        {
            ref var level = ref known.Levels[s];
            away[s] = values[s] - level;
            if (!double.IsNaN(away[s]))
            {
                level += known.Readings < Learning ? away[s] / (known.Readings + 1) : 2 / (Span + 1) * Math.Clamp(away[s], -scales[s], scales[s]);
            }
        }

        known.LastMs = eventMs;
        return ++known.Readings > Learning;
    }

    private sealed class SensorLevel(double[] levels)
    {
        public double[] Levels { get; } = levels;
        public int Readings { get; set; }
        public long LastMs { get; set; }
    }
}

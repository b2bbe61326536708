namespace IotAnalytics.Core.Modeling.Training.Episodes;

/// <summary>
/// One measurement of a fleet: how all move together, and how far each sensor is from that, compared with where it was. A day and a season move all,
/// a fault moves one. Sensors may be at levels of their own, and come and go.
/// </summary>
internal sealed class FleetMovement
{
    /// <summary>Share of a sensor's blocks, the first ones, that say where a sensor that is not remembered was.</summary>
    private const double FirstShare = 0.25;

    /// <summary>Robust standard deviations from the usual from which a sensor has shifted.</summary>
    private const double Deviations = 5;

    /// <summary>A median absolute deviation times this estimates a standard deviation.</summary>
    private const double ToSigma = 1.4826;

    /// <summary>A fleet's median needs others than the sensor in question.</summary>
    private const int FewestSensors = 4;

    private const long DayMs = 86_400_000;

    private readonly double[][] _relative;
    private readonly double[][] _ownDaily;
    private readonly double[] _fleetDaily;
    private readonly double[] _limits;

    private FleetMovement(double[][] relative, double[][] ownDaily, double[] fleetDaily, double[] limits, SensorLevel[] levels)
    {
        (_relative, _ownDaily, _fleetDaily, _limits, Levels) = (relative, ownDaily, fleetDaily, limits, levels);
    }

    /// <summary>Where each sensor was, for the memory.</summary>
    public SensorLevel[] Levels { get; }

    /// <summary>How far the sensor is from its place, in limits: beyond ±1 it has shifted; NaN: cannot be told. When the others have moved and it
    /// stayed where it was, it has not.</summary>
    public double Shift(int sensor, int block)
    {
        var (relative, limit) = (_relative[sensor][block], _limits[sensor]);
        return double.IsNaN(relative) ? double.NaN : HasStayed(sensor, block) ? 0 : relative / limit;
    }

    /// <summary>Whether the others have moved and the sensor has not.</summary>
    public bool HasStayed(int sensor, int block) =>
        Math.Abs(_fleetDaily[block]) > _limits[sensor] / 2 && Math.Abs(_ownDaily[sensor][block]) <= _limits[sensor] / 2;

    /// <summary>Where a sensor is in some blocks, for the memory, when people say that this is its place.</summary>
    public SensorLevel LevelWithin(int sensor, IEnumerable<int> blocks)
    {
        var moved = Present(blocks.Select(b => _relative[sensor][b]));
        return Levels[sensor] with { Level = Levels[sensor].Level + (moved.Length == 0 ? 0 : Median(moved)) };
    }

    /// <param name="remembered">By sensor, null when it is not.</param>
    public static FleetMovement Of(SensorLevels levels, int measurement, SensorLevel?[] remembered)
    {
        var means = Enumerable.Range(0, levels.Sensors).Select(s => Enumerable.Range(0, levels.Blocks).Select(b => levels.Mean(s, b, measurement)).ToArray()).ToArray();
        var isKnown = remembered.Select(r => r?.Level is not null).ToArray();
        var isFirst = isKnown.Count(k => k) < FewestSensors;
        var places = means.Select((m, s) => isFirst || !isKnown[s] ? First(m) : remembered[s]!.Level!.Value).ToArray();
        var fleet = Enumerable.Range(0, levels.Blocks).Select(b => Moved(means, places, s => isFirst || isKnown[s], b)).ToArray();
        if (isFirst)
        {
            // The begin is the first whole day, not its first hours.
            var origin = Daily(fleet, levels.BlockMs)[0];
            fleet = [.. fleet.Select(f => f - origin)];
        }

        var newSpreads = new double[means.Length];
        for (var s = 0; s < means.Length; s++)
        {
            var relative = Enumerable.Range(0, levels.Blocks).Select(b => means[s][b] - fleet[b]).ToArray();
            if (isFirst || !isKnown[s])
            {
                places[s] = First(relative);
            }

            newSpreads[s] = Spread(FirstOf(relative).Select(r => r - places[s]).ToArray());
        }

        var own = means.Select((m, s) => m.Select(v => v - places[s]).ToArray()).ToArray();
        var differences = own.Select(o => o.Select((v, b) => v - fleet[b]).ToArray()).ToArray();
        var usual = Spread(Present(differences.SelectMany(d => d)));
        var noise = Noise(levels, measurement);
        var found = means.Select((_, s) => isKnown[s] && !isFirst
            ? remembered[s]!
            : new SensorLevel(double.IsFinite(places[s]) ? places[s] : null, double.IsFinite(newSpreads[s]) ? newSpreads[s] : 0, remembered[s]?.Restlessness)).ToArray();
        var limits = found.Select((l, s) => Math.Max(Math.Max(Deviations * Math.Max(usual, l.Spread), noise), 1e-9 * (1 + Math.Abs(places[s])))).ToArray();
        return new FleetMovement(differences, [.. own.Select(o => Daily(o, levels.BlockMs))], Daily(fleet, levels.BlockMs), limits, found);
    }

    /// <summary>The mean of the day around each block, or of the nearest whole day: hot noons are no movement.</summary>
    private static double[] Daily(double[] blocks, long blockMs)
    {
        var day = (int)Math.Clamp(DayMs / blockMs, 1, blocks.Length);
        var daily = new double[blocks.Length];
        for (var b = 0; b < daily.Length; b++)
        {
            var present = Present(blocks.Skip(Math.Clamp(b - day / 2, 0, blocks.Length - day)).Take(day));
            daily[b] = present.Length == 0 ? double.NaN : present.Average();
        }

        return daily;
    }

    /// <summary>How far most sensors have moved; NaN when there are too few to tell.</summary>
    private static double Moved(double[][] means, double[] places, Func<int, bool> counts, int block)
    {
        var moved = Present(Enumerable.Range(0, means.Length).Where(counts).Select(s => means[s][block] - places[s]));
        return moved.Length < FewestSensors ? double.NaN : Median(moved);
    }

    /// <summary>The median of the first blocks that are there; NaN when none is.</summary>
    private static double First(double[] blocks) => FirstOf(blocks) is { Length: > 0 } first ? Median(first) : double.NaN;

    private static double[] FirstOf(double[] blocks)
    {
        var present = Present(blocks);
        return present[..(int)Math.Ceiling(present.Length * FirstShare)];
    }

    /// <summary>The usual deviation of a reading within a block.</summary>
    private static double Noise(SensorLevels levels, int measurement)
    {
        var deviations = Present(Enumerable.Range(0, levels.Sensors).SelectMany(s => Enumerable.Range(0, levels.Blocks).Select(b => levels.Deviation(s, b, measurement))));
        return deviations.Length == 0 ? 0 : Median(deviations) is > 0 and var median ? median : deviations.Average();
    }

    private static double Spread(double[] values) => values.Length == 0
        ? double.NaN
        : Median([.. values.Select(Math.Abs)]) is > 0 and var median ? ToSigma * median : values.Average(Math.Abs);

    private static double[] Present(IEnumerable<double> values) => [.. values.Where(v => !double.IsNaN(v))];

    private static double Median(double[] values) => Quantiles.Of(values.Order().ToArray(), 0.5);
}

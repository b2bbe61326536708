namespace IotAnalytics.Core.Modeling.Training.Episodes;

/// <summary>
/// Finds the times in which a sensor has a fault, from the readings alone: its level leaves that of the fleet, measured from where it was when it was
/// first learned from, or it is many times as restless as the others, or the champion, which knows the sensor, flags much of what it says and little of what
/// the others say. What moves many sensors at once is no fault but a season, and is learned. A fleet of fewer than four sensors cannot tell one from the other: nothing is found.
/// </summary>
internal static class EpisodeFinder
{
    /// <summary>More than this share of the sensors at once, in one way: a common cause.</summary>
    private const double CommonShare = 0.25;

    /// <summary>Share of a sensor's readings that the champion flags from which they are suspect, if it is so many times that of the sensor in the middle.</summary>
    private const double SuspectShare = 0.25;
    private const double SuspectFactor = 10;

    /// <summary>A healthy sensor at the edge of the fleet may have all of its alarms, that is the alarm rate times the number of sensors; so many times that
    /// is suspect, and most of its readings in any case.</summary>
    private const double EdgeFactor = 3;
    private const double MostReadings = 0.75;

    /// <summary>A sensor is suspect that is so many times as restless as the one in the middle, and as it was when people called that usual.</summary>
    private const double RestlessFactor = 10;
    private const double UsualFactor = 2;

    /// <summary>Dismissed anomalies within an episode that say that it is none.</summary>
    private const int Dismissals = 3;

    /// <param name="alarmRate">The champion's, of readings.</param>
    public static FoundEpisodes Find(SensorLevels levels, IReadOnlyList<string> sensors, LevelMemory memory, double alarmRate)
    {
        var remembered = sensors.Take(levels.Sensors).Select(s => memory.Sensors.GetValueOrDefault(s)).ToArray();
        var measurements = Enumerable.Range(0, levels.Measurements)
            .Select(m => FleetMovement.Of(levels, m, [.. remembered.Select(r => r?.Levels[m])])).ToArray();
        var suspicion = Suspicion(levels, measurements, remembered, alarmRate);
        var episodes = new List<FaultEpisode>();
        var next = new SortedDictionary<string, SensorMemory>(memory.Sensors, StringComparer.Ordinal);
        long rows = 0;
        for (var s = 0; s < levels.Sensors; s++)
        {
            var present = Enumerable.Range(0, levels.Blocks).Count(b => levels.OfferedOf(s, b) > 0);
            next[sensors[s]] = new SensorMemory(remembered[s] is { IsSettled: true } || present * 2 >= levels.Blocks, [.. measurements.Select(m => m.Levels[s])]);
            foreach (var (first, end) in Episodes(suspicion[s]))
            {
                var blocks = Enumerable.Range(first, end - first).ToArray();
                var dismissed = blocks.Sum(b => levels.DismissedOf(s, b));
                if (dismissed >= Dismissals && dismissed > blocks.Sum(b => levels.ConfirmedOf(s, b)))
                {
                    next[sensors[s]] = new SensorMemory(IsSettled: false, [.. measurements.Select((m, i) => m.LevelWithin(s, blocks) with { Restlessness = Usual(levels, s, blocks, i) })]);
                    continue;
                }

                rows += blocks.Sum(b => levels.OfferedOf(s, b));
                episodes.Add(new FaultEpisode(s, levels.BeginOf(first), levels.BeginOf(end)));
            }
        }

        return new FoundEpisodes(episodes, memory with { Sensors = next }, rows);
    }

    /// <summary>By sensor and block: 1 and above: suspect; below 0.5: as it should be; NaN: nothing is known.</summary>
    private static double[][] Suspicion(SensorLevels levels, FleetMovement[] measurements, SensorMemory?[] remembered, double alarmRate)
    {
        var suspicion = Enumerable.Range(0, levels.Sensors).Select(_ => Enumerable.Repeat(double.NaN, levels.Blocks).ToArray()).ToArray();
        var edge = Math.Min(MostReadings, EdgeFactor * alarmRate * levels.Sensors);
        for (var b = 0; b < levels.Blocks; b++)
        {
            for (var m = 0; m < measurements.Length; m++)
            {
                RaiseRestless(suspicion, b, [.. suspicion.Select((_, s) => levels.Restlessness(s, b, m))], [.. remembered.Select(r => r?.Levels[m].Restlessness)]);
            }

            foreach (var movement in measurements)
            {
                var shifts = suspicion.Select((_, s) => movement.Shift(s, b)).ToArray();
                var (isUpCommon, isDownCommon) = (IsCommon(shifts, v => v >= 1), IsCommon(shifts, v => v <= -1));
                Raise(suspicion, b, shifts, v => (v > 0 ? isUpCommon : isDownCommon) ? 0 : Math.Abs(v));
            }

            // Where the others have left a sensor behind, the champion is of another place than the sensor.
            var shares = suspicion.Select((_, s) => Array.Exists(measurements, m => m.HasStayed(s, b)) ? double.NaN : levels.FlaggedShare(s, b)).ToArray();
            var present = shares.Where(v => !double.IsNaN(v)).Order().ToArray();
            if (present.Length >= 4)
            {
                var limit = Math.Max(Math.Max(SuspectShare, edge), SuspectFactor * Quantiles.Of(present, 0.5));
                var isCommon = IsCommon(shares, v => v >= limit);
                // A sensor that the champion has hardly learned from may be of another kind.
                Raise(suspicion, b, [.. shares.Select((v, s) => remembered[s] is { IsSettled: true } ? v : double.NaN)], v => isCommon ? 0 : v / limit);
            }
        }

        return suspicion;
    }

    /// <summary>Unlike a level, which may be a sensor's own, this tells of a sensor that was bad from the begin.</summary>
    private static void RaiseRestless(double[][] suspicion, int block, double[] restless, double?[] usual)
    {
        var present = restless.Where(v => !double.IsNaN(v)).Order().ToArray();
        if (present.Length < 4 || Quantiles.Of(present, 0.5) is not (> 0 and var median))
        {
            return;
        }

        var ratios = restless.Select((v, s) => v / Math.Max(RestlessFactor * median, UsualFactor * (usual[s] ?? 0))).ToArray();
        var isCommon = IsCommon(ratios, v => v >= 1);
        Raise(suspicion, block, ratios, v => isCommon ? 0 : v);
    }

    /// <summary>The greatest restlessness of some blocks; null: nothing is known.</summary>
    private static double? Usual(SensorLevels levels, int sensor, int[] blocks, int measurement) =>
        blocks.Select(b => levels.Restlessness(sensor, b, measurement)).Where(v => !double.IsNaN(v)).Cast<double?>().Max();

    private static bool IsCommon(double[] values, Func<double, bool> isSuspect) =>
        values.Count(v => !double.IsNaN(v)) is var present && values.Count(isSuspect) > Math.Max(1, CommonShare * present);

    private static void Raise(double[][] suspicion, int block, double[] values, Func<double, double> suspect)
    {
        for (var s = 0; s < values.Length; s++)
        {
            if (!double.IsNaN(values[s]))
            {
                suspicion[s][block] = double.IsNaN(suspicion[s][block]) ? suspect(values[s]) : Math.Max(suspicion[s][block], suspect(values[s]));
            }
        }
    }

    /// <summary>From the block before the first of two suspect ones of three that follow one another, until two are as they should be.</summary>
    private static IEnumerable<(int First, int End)> Episodes(double[] suspicion)
    {
        int[] known = [.. Enumerable.Range(0, suspicion.Length).Where(b => !double.IsNaN(suspicion[b]))];
        for (var i = 0; i < known.Length; i++)
        {
            if (suspicion[known[i]] < 1 || known.Skip(i).Take(3).Count(b => suspicion[b] >= 1) < Math.Min(2, known.Length))
            {
                continue;
            }

            var last = i;
            while (last + 1 < known.Length && !(suspicion[known[last + 1]] < 0.5 && (last + 2 == known.Length || suspicion[known[last + 2]] < 0.5)))
            {
                last++;
            }

            var end = last + 1 < known.Length ? known[last + 1] : suspicion.Length;
            yield return (i == 0 ? 0 : known[i - 1], end);
            i = last + 1;
        }
    }
}

using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>A reading as the charts take it.</summary>
/// <param name="Values">One per stream: the features and the normal score; NaN where missing.</param>
internal readonly record struct ShiftRow(string Sensor, long EventMs, double[] Values);

/// <summary>
/// Charts of fast shifts: for the score and each feature one of the place and one of the spread, on what readings are away from their sensor's recent level. Calibrated on a stretch that is in
/// control. Used by one thread.
/// </summary>
internal sealed class ShiftCharts
{
    /// <summary>Values farther out count as this many scales: one nonsense value is no shift.</summary>
    private const double Farthest = 4;

    private const double MadToSigma = 1.4826022185056018;

    private readonly double[] _scales;
    private readonly (double Mean, double Deviation)[] _spreads;
    private readonly long _pauseMs;
    private readonly CusumChart[] _places;
    private readonly CusumChart[] _widths;
    private readonly double[] _away;
    private RunningLevels _levels;

    private ShiftCharts(double[] scales, (double Mean, double Deviation)[] spreads, CusumDesign[] places, CusumDesign[] widths, long pauseMs)
    {
        (_scales, _spreads, _pauseMs) = (scales, spreads, pauseMs);
        _places = [.. places.Select(d => new CusumChart(d))];
        _widths = [.. widths.Select(d => new CusumChart(d))];
        _away = new double[scales.Length];
        _levels = new RunningLevels(scales, pauseMs);
    }

    /// <param name="inControl">In the order of time; at least <see cref="CusumDesign.FewestRows"/>.</param>
    /// <param name="pauseMs">After a longer pause of a sensor its level is learned anew.</param>
    public static ShiftCharts Calibrate(IReadOnlyList<ShiftRow> inControl, long pauseMs)
    {
        var streams = inControl[0].Values.Length;
        var free = Away(inControl, [.. Enumerable.Repeat(double.PositiveInfinity, streams)], pauseMs);
        double[] scales = [.. free.Select(Scale)];
        var away = Away(inControl, scales, pauseMs);
        var spreads = new (double Mean, double Deviation)[streams];
        var (places, widths) = (new CusumDesign[streams], new CusumDesign[streams]);
        for (var s = 0; s < streams; s++)
        {
            double[] place = [.. away[s].Where(a => !double.IsNaN(a)).Select(a => Standard(a, scales[s]))];
            double[] size = [.. place.Select(Math.Abs)];
            var mean = size.DefaultIfEmpty().Average();
            spreads[s] = (mean, Math.Sqrt(size.Select(v => (v - mean) * (v - mean)).DefaultIfEmpty(1).Average()));
            places[s] = CusumDesign.Calibrate(place, charts: 2 * streams);
            widths[s] = CusumDesign.Calibrate([.. size.Select(v => Width(v, spreads[s]))], charts: 2 * streams);
        }

        return new ShiftCharts(scales, spreads, places, widths, pauseMs);
    }

    /// <summary>Takes the next reading; the stream that raises an alarm, or null. After an alarm all begins again: the new state is the one to be left.</summary>
    public ShiftAlarm? Add(in ShiftRow row)
    {
        if (!_levels.Next(row.Sensor, row.EventMs, row.Values, _away))
        {
            return null;
        }

        ShiftAlarm? alarm = null;
        for (var s = 0; s < _away.Length; s++)
        {
            if (double.IsNaN(_away[s]))
            {
                continue;
            }

            var place = Standard(_away[s], _scales[s]);
            alarm = Raised(_places[s], s, place) ?? Raised(_widths[s], s, Width(Math.Abs(place), _spreads[s])) ?? alarm;
        }

        if (alarm is not null)
        {
            _levels = new RunningLevels(_scales, _pauseMs);
            foreach (var chart in _places.Concat(_widths))
            {
                chart.Clear();
            }
        }

        return alarm;
    }

    private static ShiftAlarm? Raised(CusumChart chart, int stream, double value) => chart.Add(value, out var height) ? new ShiftAlarm(stream, height, chart.Design.H) : null;

    private static double[][] Away(IReadOnlyList<ShiftRow> rows, double[] scales, long pauseMs)
    {
        var away = scales.Select(_ => new double[rows.Count]).ToArray();
        var levels = new RunningLevels(scales, pauseMs);
        var one = new double[scales.Length];
        for (var r = 0; r < rows.Count; r++)
        {
            var isLearned = levels.Next(rows[r].Sensor, rows[r].EventMs, rows[r].Values, one);
            for (var s = 0; s < one.Length; s++)
            {
                away[s][r] = isLearned ? one[s] : double.NaN;
            }
        }

        return away;
    }

    /// <summary>A robust standard deviation; of values that mostly stand still the plain one.</summary>
    private static double Scale(double[] away)
    {
        double[] sizes = [.. away.Where(a => !double.IsNaN(a)).Select(Math.Abs).Order()];
        var robust = sizes.Length == 0 ? 0 : MadToSigma * Quantiles.Of(sizes, 0.5);
        return robust > 0 ? robust : Math.Sqrt(sizes.Select(a => a * a).DefaultIfEmpty().Average());
    }

    private static double Standard(double away, double scale) => scale > 0 ? Math.Clamp(away / scale, -Farthest, Farthest) : Math.Sign(away) * Farthest;

    private static double Width(double size, (double Mean, double Deviation) spread) => (size - spread.Mean) / Math.Max(spread.Deviation, 1e-9);
}

/// <param name="Stream">Its place among the values.</param>
internal readonly record struct ShiftAlarm(int Stream, double Height, double Limit);

namespace IotAnalytics.Core.Modeling.Training.Episodes;

/// <summary>
/// What each sensor of a profile read on average, block of time by block of time, gathered in one pass. The blocks get longer as sensors come, so
/// that the memory stays bounded: the same readings give the same blocks.
/// </summary>
internal sealed class SensorLevels
{
    /// <summary>Of a fortnight: an hour each.</summary>
    private const int MostBlocks = 336;
    private const int FewestBlocks = 8;

    /// <summary>Numbers of all cells together: 64 MB, but for <see cref="FewestBlocks"/> of each sensor.</summary>
    private const long MaxNumbers = 8 << 20;

    private const long DayMs = 86_400_000;

    private const long HourMs = 3_600_000;

    /// <summary>Readings of a sensor in a block, at least, when it reports as often as its profile says.</summary>
    private const int UsualReadings = 12;

    /// <summary>Readings that a mean needs.</summary>
    private const int FewestReadings = 5;

    // Within a cell.
    private const int Rows = 0;
    private const int Flagged = 1;
    private const int Dismissed = 2;
    private const int Confirmed = 3;
    private const int Offered = 4;
    private const int FirstMeasurement = 5;

    private readonly long _fromMs;
    private readonly int _stride;
    private readonly List<double[]> _cells = [];

    /// <param name="interval">The usual time between two readings of a sensor: a block holds some.</param>
    public SensorLevels(int measurements, TimeSpan interval, long fromMs, long toMs)
    {
        Measurements = measurements;
        _fromMs = fromMs;
        _stride = FirstMeasurement + 3 * measurements;
        var shortest = Math.Max(HourMs, UsualReadings * (long)interval.TotalMilliseconds);
        Blocks = (int)Math.Clamp((toMs - fromMs) / shortest, FewestBlocks, MostBlocks);
        BlockMs = (toMs - fromMs + Blocks - 1) / Blocks;
    }

    public int Measurements { get; }
    public int Sensors => _cells.Count;
    public int Blocks { get; private set; }
    public long BlockMs { get; private set; }

    /// <param name="sensors">Sensors met so far.</param>
    /// <param name="isFlagged">Whether the champion flags the reading; a dismissed anomaly is none.</param>
    /// <param name="isOffered">Whether it may be learned from, as far as is known yet.</param>
    public void Add(ReadingColumns readings, int row, int sensors, bool isFlagged, bool isDismissed, bool isOffered)
    {
        var cell = Cell(readings, row, sensors);
        cell[Rows]++;
        cell[Flagged] += isFlagged && !isDismissed ? 1 : 0;
        cell[Dismissed] += isDismissed ? 1 : 0;
        cell[Offered] += isOffered ? 1 : 0;
        for (var m = 0; m < Measurements; m++)
        {
            var value = readings.Values[m][row];
            if (!double.IsNaN(value))
            {
                var sums = cell[(FirstMeasurement + 3 * m)..];
                sums[0]++;
                sums[1] += value;
                sums[2] += value * value;
            }
        }
    }

    /// <summary>Counts a confirmed anomaly, which is no part of the level.</summary>
    public void AddConfirmed(ReadingColumns readings, int row, int sensors) => Cell(readings, row, sensors)[Confirmed]++;

    public long BeginOf(int block) => _fromMs + block * BlockMs;

    /// <summary>The mean of a measurement; NaN when there are too few readings.</summary>
    public double Mean(int sensor, int block, int measurement)
    {
        var sums = Sums(sensor, block, measurement);
        return sums[0] < FewestReadings ? double.NaN : sums[1] / sums[0];
    }

    /// <summary>The standard deviation within a block; NaN when there are too few readings.</summary>
    public double Deviation(int sensor, int block, int measurement)
    {
        var sums = Sums(sensor, block, measurement);
        return sums[0] < FewestReadings ? double.NaN : Math.Sqrt(Math.Max(0, (sums[2] - sums[1] * sums[1] / sums[0]) / (sums[0] - 1)));
    }

    /// <summary>How restless a sensor is: the median of its deviations within the blocks of the day around this one, so that a door that opens, or one
    /// wrong value, is no fault. NaN when there are too few readings.</summary>
    public double Restlessness(int sensor, int block, int measurement)
    {
        if (double.IsNaN(Deviation(sensor, block, measurement)))
        {
            return double.NaN;
        }

        var (first, end) = DayAround(block);
        var deviations = Enumerable.Range(first, end - first).Select(b => Deviation(sensor, b, measurement)).Where(d => !double.IsNaN(d)).Order().ToArray();
        return Quantiles.Of(deviations, 0.5);
    }

    /// <summary>The share that the champion flags within the day around the block: a sensor at the edge of the fleet is flagged often at noon. NaN when
    /// there are too few readings.</summary>
    public double FlaggedShare(int sensor, int block)
    {
        var (first, end) = DayAround(block);
        double rows = 0, flagged = 0;
        for (var b = first; b < end; b++)
        {
            rows += Number(sensor, b, Rows);
            flagged += Number(sensor, b, Flagged);
        }

        return Number(sensor, block, Rows) >= FewestReadings ? flagged / rows : double.NaN;
    }

    public double DismissedOf(int sensor, int block) => Number(sensor, block, Dismissed);

    public double ConfirmedOf(int sensor, int block) => Number(sensor, block, Confirmed);

    public long OfferedOf(int sensor, int block) => (long)Number(sensor, block, Offered);

    private (int First, int End) DayAround(int block)
    {
        var day = (int)Math.Clamp(DayMs / BlockMs, 1, Blocks);
        var first = Math.Clamp(block - day / 2, 0, Blocks - day);
        return (first, first + day);
    }

    private double Number(int sensor, int block, int place) => _cells[sensor][block * _stride + place];

    private ReadOnlySpan<double> Sums(int sensor, int block, int measurement) =>
        _cells[sensor].AsSpan(block * _stride + FirstMeasurement + 3 * measurement, 3);

    private Span<double> Cell(ReadingColumns readings, int row, int sensors)
    {
        while (_cells.Count < sensors)
        {
            while (Blocks > FewestBlocks && (_cells.Count + 1L) * Blocks * _stride > MaxNumbers)
            {
                Halve();
            }

            _cells.Add(new double[Blocks * _stride]);
        }

        var block = (int)((readings.EventMs[row] - _fromMs) / BlockMs);
        return _cells[readings.Sensor[row]].AsSpan(block * _stride, _stride);
    }

    private void Halve()
    {
        var blocks = (Blocks + 1) / 2;
        for (var s = 0; s < _cells.Count; s++)
        {
            var merged = new double[blocks * _stride];
            for (var i = 0; i < _cells[s].Length; i++)
            {
                merged[i / _stride / 2 * _stride + i % _stride] += _cells[s][i];
            }

            _cells[s] = merged;
        }

        Blocks = blocks;
        BlockMs *= 2;
    }
}

using System.Text.Json.Serialization;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>
/// Faults put into real readings, so that it is known where they are. At each of many places, a stretch of a sensor's series, every kind is put in at every
/// size; the features are computed anew with the state that the sensor had there. Two models see the same faults.
/// </summary>
internal sealed class InjectedFaults
{
    /// <summary>Readings that a fault lasts; a spike lasts one.</summary>
    public const int Length = 20;

    /// <summary>Stretches of sensors at most; each gets every kind and size.</summary>
    public const int MaxPlaces = 400;

    private const int RowsAPlace = 100;

    /// <summary>In robust standard deviations of the sensor's measurement, 1.4826 × the median absolute deviation.</summary>
    public static readonly double[] Sizes = [3, 5, 8];

    private const double MadToSigma = 1.4826022185056018;
    private const long Stream = -11;

    private readonly ReplayedPeriod _period;

    private InjectedFaults(ReplayedPeriod period, List<InjectedFault> faults, List<float[]> rows)
    {
        _period = period;
        Faults = faults;
        Features = new FeatureTable(period.FeatureSet.Count, rows.Count);
        for (var r = 0; r < rows.Count; r++)
        {
            for (var f = 0; f < rows[r].Length; f++)
            {
                Features.Columns[f][r] = rows[r][f];
            }
        }
    }

    public IReadOnlyList<InjectedFault> Faults { get; }

    /// <summary>The readings of all faults, one fault after the other.</summary>
    public FeatureTable Features { get; }

    /// <summary>The same period and seed give the same faults. None where no sensor has a series that is long enough and varies.</summary>
    public static InjectedFaults Into(ReplayedPeriod period, long seed)
    {
        var random = new Xoshiro256(seed, Stream);
        var scales = period.Series.Select(s => period.Values.Select(v => RobustSigma(v.AsSpan(s.First, s.Rows))).ToArray()).ToArray();
        int[] usable = [.. Enumerable.Range(0, period.Series.Length).Where(i => period.Series[i].Rows >= ReplayedPeriod.WarmUp + Length && scales[i].Any(x => x > 0))];
        var places = new List<FaultPlace>();
        var count = usable.Length == 0 ? 0 : Math.Clamp(period.Rows.Length / RowsAPlace, 1, MaxPlaces);
        for (var p = 0; p < count; p++)
        {
            var s = usable[p % usable.Length];
            int[] varying = [.. Enumerable.Range(0, scales[s].Length).Where(m => scales[s][m] > 0)];
            var measurement = varying[random.NextBelow(varying.Length)];
            places.Add(new FaultPlace(
                p, s, ReplayedPeriod.WarmUp + random.NextBelow(period.Series[s].Rows - ReplayedPeriod.WarmUp - Length + 1),
                measurement, scales[s][measurement], random.NextBelow(2) == 0 ? 1 : -1, random.NextBelow(Math.Max(1, period.Values.Length - 1))));
        }

        var (faults, rows) = (new List<InjectedFault>(), new List<float[]>());
        foreach (var ofSensor in places.GroupBy(p => p.Series))
        {
            Walk(period, [.. ofSensor.OrderBy(p => p.Start)], faults, rows);
        }

        return new InjectedFaults(period, faults, rows);
    }

    /// <summary>A model's scores of <see cref="Features"/>.</summary>
    public double[] Score(ModelSnapshot model) => _period.Score(model, Features);

    /// <summary>Share of each fault's readings with a score above a threshold.</summary>
    public double[] Recalls(double[] scores, double threshold) => [.. Faults.Select(fault =>
        (double)scores.Skip(fault.First).Take(fault.Rows).Count(s => s > threshold) / fault.Rows)];

    /// <summary>Goes through a sensor's series once and puts its faults in on the way.</summary>
    private static void Walk(ReplayedPeriod period, FaultPlace[] places, List<InjectedFault> faults, List<float[]> rows)
    {
        var series = period.Series[places[0].Series];
        var state = new double[period.FeatureSet.StateSlots];
        var values = new double[period.Values.Length];
        var features = new float[period.FeatureSet.Count];
        var next = 0;
        for (var i = 0; i < series.Rows && next < places.Length; i++)
        {
            for (; next < places.Length && places[next].Start == i; next++)
            {
                foreach (var kind in Enum.GetValues<InjectedFaultKind>())
                {
                    if (kind != InjectedFaultKind.Swap)
                    {
                        foreach (var size in Sizes)
                        {
                            Put(period, series, places[next], kind, size, state, faults, rows);
                        }
                    }
                    else if (values.Length > 1)
                    {
                        Put(period, series, places[next], kind, null, state, faults, rows);
                    }
                }
            }

            Read(period, series.First + i, values);
            period.Compute(series.First + i, values, state, features);
        }
    }

    private static void Put(
        ReplayedPeriod period, SensorSeries series, FaultPlace place, InjectedFaultKind kind, double? size, double[] before, List<InjectedFault> faults, List<float[]> rows)
    {
        var length = kind == InjectedFaultKind.Spike ? 1 : Length;
        faults.Add(new InjectedFault(place.Number, period.EventMs[series.First + place.Start], kind, size, rows.Count, length));
        var state = (double[])before.Clone();
        var values = new double[period.Values.Length];
        var first = series.First + place.Start;
        var m = place.Measurement;
        var step = (size ?? 0) * place.Scale * place.Sign;
        for (var i = 0; i < length; i++)
        {
            Read(period, first + i, values);
            switch (kind)
            {
                case InjectedFaultKind.Spike:
                    values[m] += step;
                    break;
                case InjectedFaultKind.Stuck:
                    values[m] = period.Values[m][first] + step;
                    break;
                case InjectedFaultKind.Drift:
                    values[m] += step * (i + 1) / length;
                    break;
                default:
                    var other = place.Other >= m ? place.Other + 1 : place.Other;
                    (values[m], values[other]) = (values[other], values[m]);
                    break;
            }

            var features = new float[period.FeatureSet.Count];
            period.Compute(first + i, values, state, features);
            rows.Add(features);
        }
    }

    private static void Read(ReplayedPeriod period, int row, double[] values)
    {
        for (var m = 0; m < values.Length; m++)
        {
            values[m] = period.Values[m][row];
        }
    }

    private static double RobustSigma(ReadOnlySpan<double> values)
    {
        var present = new List<double>(values.Length);
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                present.Add(value);
            }
        }

        if (present.Count == 0)
        {
            return 0;
        }

        present.Sort();
        var median = Quantiles.Of(present.ToArray(), 0.5);
        double[] deviations = [.. present.Select(v => Math.Abs(v - median)).Order()];
        var robust = MadToSigma * Quantiles.Of(deviations, 0.5);
        // More than half of the readings are the same value: the others still say how much it varies.
        return robust > 0 ? robust : Math.Sqrt(deviations.Sum(d => d * d) / deviations.Length);
    }

    /// <param name="Series">Place of the sensor's series.</param>
    /// <param name="Start">Row within the series.</param>
    /// <param name="Other">With which measurement a swap exchanges, among the others.</param>
    private sealed record FaultPlace(int Number, int Series, int Start, int Measurement, double Scale, int Sign, int Other);
}

/// <summary>What is wrong with the readings.</summary>
internal enum InjectedFaultKind
{
    /// <summary>One reading is off by the size.</summary>
    [JsonStringEnumMemberName("spike")]
    Spike,

    /// <summary>The value stays where the first reading is, off by the size.</summary>
    [JsonStringEnumMemberName("stuck")]
    Stuck,

    /// <summary>The offset grows evenly to the size.</summary>
    [JsonStringEnumMemberName("drift")]
    Drift,

    /// <summary>Two measurements are exchanged; has no size.</summary>
    [JsonStringEnumMemberName("swap")]
    Swap,
}

/// <param name="Place">Faults of one place are drawn together.</param>
/// <param name="EventMs">When it begins, Unix ms.</param>
/// <param name="Size">In robust standard deviations; null for a swap.</param>
/// <param name="First">Its first reading among those of all faults.</param>
internal sealed record InjectedFault(int Place, long EventMs, InjectedFaultKind Kind, double? Size, int First, int Rows);

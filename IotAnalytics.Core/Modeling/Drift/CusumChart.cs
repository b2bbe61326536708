namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>
/// Two one-sided cumulative sums (Page 1954; Montgomery 2009, §9.1.2): up, S⁺ ← max(0, S⁺ + z − k), and down; an alarm when one is above h, after which both
/// begin at 0 again. k is half the shift that is found fastest, in standard deviations.
/// </summary>
internal sealed class CusumChart(CusumDesign design)
{
    private double _up;
    private double _down;

    public CusumDesign Design { get; } = design;

    /// <summary>Takes the next value; true: an alarm.</summary>
    /// <param name="height">The larger of the two sums, before they begin again.</param>
    public bool Add(double z, out double height)
    {
        _up = Math.Max(0, _up + z - Design.K);
        _down = Math.Max(0, _down - z - Design.K);
        height = Math.Max(_up, _down);
        if (height <= Design.H)
        {
            return false;
        }

        (_up, _down) = (0, 0);
        return true;
    }

    /// <summary>Begins again.</summary>
    public void Clear() => (_up, _down) = (0, 0);

    /// <summary>Alarms on a series.</summary>
    public static int Count(CusumDesign design, ReadOnlySpan<double> series)
    {
        var chart = new CusumChart(design);
        var alarms = 0;
        foreach (var z in series)
        {
            alarms += chart.Add(z, out _) ? 1 : 0;
        }

        return alarms;
    }
}

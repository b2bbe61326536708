namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>The two numbers of a chart.</summary>
/// <param name="K">What a value must exceed to count, in standard deviations.</param>
/// <param name="H">An alarm is above it.</param>
internal sealed record CusumDesign(double K, double H)
{
    /// <summary>At most one false alarm in as many rows.</summary>
    public const int RowsPerFalseAlarm = 10_000;

    /// <summary>Fewer rows say too little of how a feed swings.</summary>
    public const int FewestRows = 2 * RowsPerFalseAlarm;

    /// <summary>k of 0.5 is the usual one. Feeds that swing need a larger one: it passes over swings below it.</summary>
    private static readonly double[] Ks = [0.5, 1, 1.5];

    /// <summary>The shift whose delay decides between the k.</summary>
    private const double Shift = 2;

    /// <summary>The calibration is to see half of the false alarms that are allowed: the next days are not the same ones.</summary>
    private const double Reserve = 0.5;

    private const int Halvings = 40;

    /// <summary>
    /// For independent values: h from Siegmund's average run length of one side, (e^(2kb) − 2kb − 1) / (2k²), b = h + 1.166 (Siegmund 1985; Montgomery 2009,
    /// equation 9.6), which is twice that of both.
    /// </summary>
    public static CusumDesign ForIndependent(double k, double rowsPerFalseAlarm)
    {
        double low = 0, high = 100 / k;
        for (var i = 0; i < Halvings; i++)
        {
            var h = (low + high) / 2;
            var a = 2 * k * (h + 1.166);
            if ((Math.Exp(a) - a - 1) / (2 * k * k) < 2 * rowsPerFalseAlarm)
            {
                low = h;
            }
            else
            {
                high = h;
            }
        }

        return new CusumDesign(k, high);
    }

    /// <summary>
    /// For a real feed, whose values follow one another: h is raised from there until a stretch that is known to be in control gives at most one alarm in
    /// twice as many rows as promised. Of several k the one that finds a shift of two standard deviations first, h / (2 − k) rows later.
    /// </summary>
    /// <param name="inControl">Normal scores of the stretch, in the order of time; at least <see cref="FewestRows"/>.</param>
    public static CusumDesign Calibrate(double[] inControl) => Ks.Select(k => Calibrate(inControl, k)).MinBy(d => d.H / (Shift - d.K))!;

    private static CusumDesign Calibrate(double[] inControl, double k)
    {
        var design = ForIndependent(k, RowsPerFalseAlarm);
        var allowed = (int)(Reserve * inControl.Length / RowsPerFalseAlarm);
        double low = design.H, high = low;
        while (CusumChart.Count(design with { H = high }, inControl) > allowed)
        {
            low = high;
            high *= 2;
        }

        for (var i = 0; i < Halvings && high - low > 0.01 * high; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = CusumChart.Count(design with { H = middle }, inControl) > allowed ? (middle, high) : (low, middle);
        }

        return design with { H = high };
    }
}

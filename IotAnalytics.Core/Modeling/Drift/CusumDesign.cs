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

    /// <summary>The next days are not the same ones: h is so many times the highest of a stretch that is as long as a false alarm of each chart is to be rare …</summary>
    private const double Reserve = 1.25;

    /// <summary>… and so much more for each halving of a shorter one, which has seen less (a test counts what comes of it).</summary>
    private const double ReserveOfHalving = 0.25;

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
    /// For a real feed, whose values follow one another: at least that h, and well above the highest that the sums rise to on a stretch that is known to be in
    /// control. Of several k the one that finds a shift of two standard deviations first, h / (2 − k) rows later.
    /// </summary>
    /// <param name="inControl">In the order of time.</param>
    /// <param name="charts">That share the false alarms.</param>
    public static CusumDesign Calibrate(double[] inControl, int charts) => Ks.Select(k =>
    {
        var design = ForIndependent(k, (double)RowsPerFalseAlarm * charts);
        var chart = new CusumChart(design with { H = double.PositiveInfinity });
        double highest = 0;
        foreach (var value in inControl)
        {
            chart.Add(value, out var height);
            highest = Math.Max(highest, height);
        }

        var halvings = Math.Max(0, Math.Log2((double)RowsPerFalseAlarm * charts / Math.Max(1, inControl.Length)));
        return design with { H = Math.Max(design.H, (Reserve + ReserveOfHalving * halvings) * highest) };
    }).MinBy(d => d.H / (Shift - d.K))!;
}

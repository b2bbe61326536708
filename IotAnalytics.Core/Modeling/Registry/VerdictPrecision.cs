namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>Of a version's anomalies that people judged, the share that was confirmed.</summary>
internal readonly record struct VerdictPrecision(long Confirmed, long Dismissed)
{
    /// <summary>Of the normal distribution, for 95 %.</summary>
    private const double Z = 1.959963984540054;

    public long Judged => Confirmed + Dismissed;

    /// <summary>Null while nothing is judged.</summary>
    public double? Share => Judged == 0 ? null : (double)Confirmed / Judged;

    /// <summary>
    /// The score interval for 95 % (E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927): it stays within
    /// 0 to 1 and means something for a handful of verdicts too. Null while nothing is judged.
    /// </summary>
    public (double Low, double High)? Interval
    {
        get
        {
            if (Judged == 0)
            {
                return null;
            }

            var (n, share) = ((double)Judged, Share!.Value);
            var centre = share + (Z * Z / (2 * n));
            var reach = Z * Math.Sqrt((share * (1 - share) / n) + (Z * Z / (4 * n * n)));
            var whole = 1 + (Z * Z / n);
            // The bounds of none and of all are exact; rounding would leave a trace of the other.
            return (Confirmed == 0 ? 0 : (centre - reach) / whole, Dismissed == 0 ? 1 : (centre + reach) / whole);
        }
    }
}

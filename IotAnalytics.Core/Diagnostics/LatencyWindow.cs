namespace IotAnalytics.Core.Diagnostics;

/// <summary>The last 2,048 durations and their quantiles. Safe for use by many threads.</summary>
internal sealed class LatencyWindow
{
    private readonly double[] _values = new double[2048];
    private readonly Lock _lock = new();
    private long _count;

    public void Add(double milliseconds)
    {
        lock (_lock)
        {
            _values[_count++ % _values.Length] = milliseconds;
        }
    }

    /// <summary>The nearest-rank quantile, or null before the first value.</summary>
    public double? Quantile(double q)
    {
        double[] sorted;
        lock (_lock)
        {
            if (_count == 0)
            {
                return null;
            }

            sorted = _values.AsSpan(0, (int)Math.Min(_count, _values.Length)).ToArray();
        }

        Array.Sort(sorted);
        return sorted[Math.Clamp((int)Math.Ceiling(q * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}

namespace IotAnalytics.Core.Lake.Files;

/// <summary>Minimum, maximum and number of nulls of one column over all row groups of a file. Times are Unix milliseconds.</summary>
internal sealed class ColumnStatistics
{
    public long NullCount { get; set; }

    /// <summary>True once a value was seen that has no place in the order (not finite, not ASCII): no bounds are published then.</summary>
    public bool Unordered { get; private set; }

    public bool HasLongs { get; private set; }
    public long LongMin { get; private set; }
    public long LongMax { get; private set; }

    public bool HasDoubles { get; private set; }
    public double DoubleMin { get; private set; }
    public double DoubleMax { get; private set; }

    public string? TextMin { get; private set; }
    public string? TextMax { get; private set; }

    public void AddLongs(long min, long max)
    {
        LongMin = HasLongs ? Math.Min(LongMin, min) : min;
        LongMax = HasLongs ? Math.Max(LongMax, max) : max;
        HasLongs = true;
    }

    public void AddDoubles(double min, double max)
    {
        if (!double.IsFinite(min) || !double.IsFinite(max))
        {
            Unordered = true;
            return;
        }

        DoubleMin = HasDoubles ? Math.Min(DoubleMin, min) : min;
        DoubleMax = HasDoubles ? Math.Max(DoubleMax, max) : max;
        HasDoubles = true;
    }

    public void AddText(string min, string max)
    {
        TextMin = TextMin is null || string.CompareOrdinal(min, TextMin) < 0 ? min : TextMin;
        TextMax = TextMax is null || string.CompareOrdinal(max, TextMax) > 0 ? max : TextMax;
    }

    public void MarkUnordered() => Unordered = true;
}

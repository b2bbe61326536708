namespace IotAnalytics.Core.Readings;

/// <summary>The distinct UTC dates of one record's event times, at most <see cref="ReadingRules.MaxDatesPerRecord"/>.</summary>
internal sealed class DateSet
{
    private readonly long[] _days = new long[ReadingRules.MaxDatesPerRecord];
    private int _count;
    private long _lastStart;

    public void Clear()
    {
        _count = 0;
        _lastStart = long.MaxValue;
    }

    /// <summary>False when this date would be one too many.</summary>
    public bool TryAdd(long eventMs)
    {
        // Unsigned: a time before the last date wraps round to a large distance.
        if ((ulong)(eventMs - _lastStart) < EventTime.DayMs)
        {
            return true;
        }

        var day = eventMs / EventTime.DayMs;
        if (!_days.AsSpan(0, _count).Contains(day))
        {
            if (_count == _days.Length)
            {
                return false;
            }

            _days[_count++] = day;
        }

        _lastStart = day * EventTime.DayMs;
        return true;
    }
}

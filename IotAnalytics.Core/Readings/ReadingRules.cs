namespace IotAnalytics.Core.Readings;

/// <summary>The rules by which records become flagged readings. Part of the scoring plan: the same records and rules give the same rows.</summary>
/// <param name="MaxJsonDepth">Nesting accepted in an item; deeper is <c>too_deep</c>.</param>
/// <param name="MaxFutureSkew">An event time further ahead of the record time is <c>time_out_of_range</c>.</param>
/// <param name="LateAfter">An event time further behind the record time is flagged late.</param>
public sealed record ReadingRules(int MaxJsonDepth, TimeSpan MaxFutureSkew, TimeSpan LateAfter)
{
    /// <summary>Items of one record; more is one dead letter <c>too_many_items</c>.</summary>
    public const int MaxItemsPerRecord = 65_536;

    /// <summary>UTC dates of event time in one record; more is one dead letter <c>too_many_dates</c>.</summary>
    public const int MaxDatesPerRecord = 64;

    /// <summary>Readings of a sensor that are flagged <see cref="ReadingFlags.WarmingUp"/>.</summary>
    public const int WarmUpReadings = 200;

    /// <summary>Expected intervals without change after which a measurement is <see cref="ReadingFlags.Stuck"/>.</summary>
    public const int StuckIntervals = 20;

    /// <summary>Readings with one value below which a measurement is not yet <see cref="ReadingFlags.Stuck"/>, however long they lie apart.</summary>
    public const int StuckReadings = 20;

    /// <summary>2000-01-01T00:00:00Z, the earliest event time accepted, Unix milliseconds.</summary>
    public const long EarliestEventMs = 946_684_800_000;
}

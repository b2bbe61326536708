using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Keeps the UTC dates of event time in one cut at or below 8, so that a cut never opens more files than that: tells before which record
/// the cut has to close. A single record may bring more (the parser's limit holds) and then has a cut of its own.
/// </summary>
internal sealed class DateLimiter
{
    public const int MostDates = 8;
    private const long DayMs = 86_400_000;
    private readonly HashSet<long> _open = [];
    private readonly HashSet<long> _fresh = [];

    /// <summary>Begins a new cut.</summary>
    public void Clear() => _open.Clear();

    /// <summary>Opens the dates of the batch's records in order and returns the index of the first record that must not go into this cut,
    /// or <see cref="MicroBatch.NextRecord"/> when all may.</summary>
    public int Take(MicroBatch batch)
    {
        var row = 0;
        long day = long.MinValue;
        while (row < batch.RowCount)
        {
            var record = batch.Record[row];
            for (; row < batch.RowCount && batch.Record[row] == record; row++)
            {
                // Event times lie after 1970 (the parser's limit), so truncation is floor.
                var rowDay = batch.EventMs[row] / DayMs;
                if (rowDay != day)
                {
                    day = rowDay;
                    if (!_open.Contains(day))
                    {
                        _fresh.Add(day);
                    }
                }
            }

            var fits = _open.Count == 0 || _open.Count + _fresh.Count <= MostDates;
            if (fits)
            {
                _open.UnionWith(_fresh);
            }

            _fresh.Clear();
            if (!fits)
            {
                return record;
            }
        }

        return batch.NextRecord;
    }
}

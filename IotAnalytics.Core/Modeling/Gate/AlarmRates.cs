using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>A model's alarms on a period, overall and day by day.</summary>
/// <param name="Overall">Every reading counts for itself: this is what was promised.</param>
/// <param name="Events">Alarms of a sensor that follow one another within an hour are one event.</param>
/// <param name="ByEvents">The overall rate, judged by events: real alarms come in clusters, so there are far fewer independent ones than alarms.</param>
/// <param name="Days">Judged by events.</param>
internal sealed record AlarmRates(AlarmRate Overall, long Events, AlarmRate ByEvents, ImmutableArray<DayAlarmRate> Days)
{
    private const long SameEventMs = 3_600_000;

    [JsonIgnore]
    public IEnumerable<DayAlarmRate> DaysOutside => Days.Where(d => !d.Alarms.IsWithin);

    /// <param name="threshold">A row is flagged when its score is above.</param>
    public static AlarmRates Of(ReplayedPeriod period, double[] scores, double threshold, double target, TimeBlock block)
    {
        var days = new SortedDictionary<DateOnly, (long Alarms, long Rows)>();
        long events = 0;
        foreach (var series in period.Series)
        {
            var lastMs = long.MinValue / 2;
            for (var r = series.First; r < series.First + series.Rows; r++)
            {
                if (!period.IsJudged[r] || double.IsNaN(scores[r]) || !block.Holds(period.EventMs[r]))
                {
                    continue;
                }

                var isAlarm = scores[r] > threshold;
                var day = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(period.EventMs[r]).UtcDateTime);
                var (alarms, rows) = days.GetValueOrDefault(day);
                days[day] = (alarms + (isAlarm ? 1 : 0), rows + 1);
                if (isAlarm)
                {
                    events += period.EventMs[r] - lastMs > SameEventMs ? 1 : 0;
                    lastMs = period.EventMs[r];
                }
            }
        }

        var (total, rowsInAll) = (days.Values.Sum(d => d.Alarms), Math.Max(1, days.Values.Sum(d => d.Rows)));
        var together = events == 0 ? 1 : (double)total / events;
        return new AlarmRates(
            AlarmRate.Of(total, rowsInAll, target, together: 1), events, AlarmRate.Of(total, rowsInAll, target, together),
            [.. days.Select(d => new DayAlarmRate(d.Key, AlarmRate.Of(d.Value.Alarms, d.Value.Rows, target, together)))]);
    }
}

/// <param name="Day">Event time, UTC.</param>
internal sealed record DayAlarmRate(DateOnly Day, AlarmRate Alarms);

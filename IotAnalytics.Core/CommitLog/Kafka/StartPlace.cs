using System.Globalization;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>The value of <see cref="KafkaLogOptions.StartFrom"/>.</summary>
/// <param name="AtLatest">The log's end.</param>
/// <param name="TimeMs">The first record of this time or later, Unix milliseconds; null: the log's start or end.</param>
internal readonly record struct StartPlace(bool AtLatest, long? TimeMs)
{
    public static bool TryParse(string text, out StartPlace place)
    {
        place = new StartPlace(string.Equals(text, "Latest", StringComparison.OrdinalIgnoreCase), TimeMs: null);
        if (place.AtLatest || string.Equals(text, "Earliest", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        // Without a zone it would mean another time on another machine.
        var isTime = DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T', StringComparison.Ordinal));
        place = new StartPlace(AtLatest: false, time.ToUnixTimeMilliseconds());
        return isTime;
    }
}

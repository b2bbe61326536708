using System.Text.Json;

namespace IotAnalytics.Core.Lake.Queries;

/// <summary>What a file's statistics say of its event times.</summary>
internal static class FileTimes
{
    /// <summary>Whether a file may hold readings with from ≤ event time &lt; to; true when the statistics do not say.</summary>
    public static bool MayHold(JsonElement stats, long fromMs, long toMs) =>
        !(stats.GetProperty("minValues").TryGetProperty("event_time", out var earliest) && Ms(earliest) >= toMs)
        && !(stats.GetProperty("maxValues").TryGetProperty("event_time", out var latest) && Ms(latest) < fromMs);

    private static long Ms(JsonElement time) => time.GetDateTimeOffset().ToUnixTimeMilliseconds();
}

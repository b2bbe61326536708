using System.IO.Hashing;
using System.Runtime.InteropServices;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>
/// Reads a bounded stretch of a profile's lake: the newest hours of whole sensors. Sensors that people judged come first, the others in an order drawn from
/// the seed; the stretch is as long as twenty of them allow, and then takes as many more as there is room for.
/// </summary>
internal sealed class GatePeriodReader(ProfileReadingsQuery query)
{
    public const int MaxRows = 200_000;

    /// <summary>Sensors that a period has before it becomes shorter for more of them.</summary>
    private const int WantedSensors = 20;

    private const long HourMs = 3_600_000;
    private const long MaxStepMs = 24 * HourMs;

    /// <summary>Chunks in the order of the read, of the chosen sensors alone.</summary>
    /// <param name="fromMs">The period does not begin before, event time.</param>
    /// <param name="toMs">Its end, exclusive.</param>
    /// <param name="firstSensors">Come before all others.</param>
    public async Task<List<ReadingColumns>> ReadAsync(
        SensorProfile profile, long fromMs, long toMs, IReadOnlyCollection<string> firstSensors, long seed, int maxRows, CancellationToken cancellationToken)
    {
        var (beginMs, chosen) = await ChooseAsync(profile, fromMs, toMs, [.. firstSensors], seed, maxRows, cancellationToken).ConfigureAwait(false);
        var chunks = new List<ReadingColumns>();
        await foreach (var chunk in query.ReadAsync(profile, Time(beginMs), Time(toMs), cancellationToken).ConfigureAwait(false))
        {
            if (chunk.Of(chosen) is { Rows: > 0 } own)
            {
                chunks.Add(own);
            }
        }

        return chunks;
    }

    /// <summary>Counts rows backwards from the end, in longer and longer steps, until there are enough.</summary>
    private async Task<(long BeginMs, HashSet<string> Sensors)> ChooseAsync(
        SensorProfile profile, long fromMs, long toMs, HashSet<string> first, long seed, int maxRows, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, Dictionary<long, int>>(StringComparer.Ordinal);
        string[] order = [];
        var step = HourMs;
        for (var endMs = toMs; endMs > fromMs; endMs -= step, step = Math.Min(step * 2, MaxStepMs))
        {
            await foreach (var chunk in query.ReadAsync(profile, Time(Math.Max(fromMs, endMs - step)), Time(endMs), cancellationToken).ConfigureAwait(false))
            {
                Count(chunk, toMs, counts);
            }

            order = [.. counts.Keys.OrderBy(s => !first.Contains(s)).ThenBy(s => Rank(s, seed)).ThenBy(s => s, StringComparer.Ordinal)];
            if (order.Take(WantedSensors).Sum(s => counts[s].Values.Sum()) >= maxRows)
            {
                break;
            }
        }

        var hours = 0L;
        var rows = 0;
        var lastHour = counts.Values.SelectMany(c => c.Keys).DefaultIfEmpty().Max();
        for (; hours <= lastHour; hours++)
        {
            var more = order.Take(WantedSensors).Sum(s => counts[s].GetValueOrDefault(hours));
            if (rows + more > maxRows && rows > 0)
            {
                break;
            }

            rows += more;
        }

        var chosen = new HashSet<string>(StringComparer.Ordinal);
        var total = 0;
        foreach (var sensor in order)
        {
            var own = counts[sensor].Where(c => c.Key < hours).Sum(c => c.Value);
            if (chosen.Count >= WantedSensors && total + own > maxRows)
            {
                break;
            }

            chosen.Add(sensor);
            total += own;
        }

        return (Math.Max(fromMs, toMs - hours * HourMs), chosen);
    }

    /// <summary>By hours before the end.</summary>
    private static void Count(ReadingColumns chunk, long toMs, Dictionary<string, Dictionary<long, int>> counts)
    {
        for (var r = 0; r < chunk.Rows; r++)
        {
            var sensor = chunk.Sensors[chunk.Sensor[r]];
            if (!counts.TryGetValue(sensor, out var own))
            {
                counts.Add(sensor, own = []);
            }

            CollectionsMarshal.GetValueRefOrAddDefault(own, (toMs - 1 - chunk.EventMs[r]) / HourMs, out _)++;
        }
    }

    private static ulong Rank(string sensor, long seed) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(sensor.AsSpan()), seed);

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
}

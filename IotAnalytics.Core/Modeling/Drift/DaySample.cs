using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>An even random sample of fixed size of a day's rows (Vitter 1985, algorithm R), with their features. Fixed, because the index grows as the sample shrinks.</summary>
internal sealed class DaySample(ProfileReadingsQuery query, TimeProvider time)
{
    public const int Size = 5_000;

    /// <summary>Rest after each chunk, as a share of the time that it took: the processor belongs to the pipeline.</summary>
    private const double Rest = 0.25;

    /// <summary>The sample and the day's rows; with fewer than <see cref="Size"/> the sample is all of them.</summary>
    /// <param name="fromMs">Begin of the day, event time.</param>
    public async Task<(FeatureTable Sample, int Rows)> TakeAsync(SensorProfile profile, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        var features = new SensorFeatures(profile);
        var random = new Xoshiro256(fromMs, -21);
        var table = new FeatureTable(features.Features.Count, Size);
        var rows = 0;
        var started = time.GetTimestamp();
        await foreach (var chunk in query.ReadAsync(profile, Time(fromMs), Time(toMs), cancellationToken).ConfigureAwait(false))
        {
            var computed = features.Compute(chunk, out var isSettled);
            for (var r = 0; r < chunk.Rows; r++)
            {
                if (!isSettled[r] || (chunk.Flags[r] & ReadingFlags.NotScored) != 0 || rows == int.MaxValue)
                {
                    continue;
                }

                var place = rows++ < Size ? rows - 1 : random.NextBelow(rows);
                for (var f = 0; place < Size && f < table.Columns.Length; f++)
                {
                    table.Columns[f][place] = computed.Columns[f][r];
                }
            }

            await Task.Delay(time.GetElapsedTime(started) * Rest, time, cancellationToken).ConfigureAwait(false);
            started = time.GetTimestamp();
        }

        return (table, rows);
    }

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
}

using System.Runtime.CompilerServices;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Queries;

/// <summary>Committed readings of one profile, from silver and gold together, in the order in which they came: what training, drift and the gate read.</summary>
internal sealed class ProfileReadingsQuery(ILakeStore store, IDbContextFactory<AnalyticsDbContext> contexts, IOptions<LakeOptions> options)
{
    private readonly LakeTables _tables = new(options.Value);

    /// <summary>
    /// Readings with from ≤ event time &lt; to, in chunks: partition after partition, each by record offset and item. Bounded memory: a row group of
    /// every file that is open at one point of the stream, which are two for each date that the stream touches there.
    /// </summary>
    /// <exception cref="FileNotFoundException">A file was compacted and vacuumed since the begin: read again.</exception>
    public async IAsyncEnumerable<ReadingColumns> ReadAsync(
        SensorProfile profile, DateTime from, DateTime to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var readings = await OpenAsync(profile, from, to, cancellationToken).ConfigureAwait(false);
        await foreach (var chunk in readings.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return chunk;
        }
    }

    /// <summary>The same, to be read with its progress. What is committed now is what will be read.</summary>
    public async Task<ProfileReadings> OpenAsync(SensorProfile profile, DateTime from, DateTime to, CancellationToken cancellationToken)
    {
        var (fromMs, toMs) = (Ms(from), Ms(to));
        var (first, last) = (DateOnly.FromDateTime(from), DateOnly.FromDateTime(to));
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        var files = await context.LakeFiles
            .Where(f => f.TableName != "bronze" && f.RemovedVersion == null && f.PartitionDate >= first && f.PartitionDate <= last)
            .ToListAsync(cancellationToken).ConfigureAwait(false);
        files.RemoveAll(f => !MayHold(f.Stats, fromMs, toMs));
        return new ProfileReadings(store, _tables, files, profile, fromMs, toMs);
    }

    /// <summary>The newest event time of the profile's sensors, or null when it has no reading yet.</summary>
    public async Task<DateTime?> NewestEventTimeAsync(string profile, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        return await context.Sensors.Where(s => s.Profile == profile).MaxAsync(s => s.LastEventTime, cancellationToken).ConfigureAwait(false);
    }

    private static bool MayHold(string? stats, long fromMs, long toMs)
    {
        if (stats is null)
        {
            return true;
        }

        using var json = JsonDocument.Parse(stats);
        return FileTimes.MayHold(json.RootElement, fromMs, toMs);
    }

    private static long Ms(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;
}

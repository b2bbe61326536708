using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Queries;

/// <summary>
/// Committed readings of one sensor, from silver and gold, in the order of event time. Day by day: files are picked by date and
/// statistics, row groups by the footer, and only then columns are read.
/// </summary>
internal sealed class SensorReadingsQuery(ILakeStore store, IDbContextFactory<AnalyticsDbContext> contexts, IOptions<LakeOptions> options)
{
    private readonly LakeTables _tables = new(options.Value);

    /// <summary>Readings with from ≤ event time &lt; to, at most <paramref name="limit"/>, after the cursor of the page before.</summary>
    /// <exception cref="FormatException">The cursor is none of ours.</exception>
    public async Task<SensorReadingsPage> ReadAsync(
        string sensorId, DateTimeOffset from, DateTimeOffset to, int limit, string? cursor, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var after = cursor is null ? default(ReadingKey?) : ReadingKey.Parse(cursor);
        var window = new ReadingWindow(
            sensorId, Math.Max(from.ToUnixTimeMilliseconds(), after?.EventMs ?? long.MinValue), to.ToUnixTimeMilliseconds(), after);
        try
        {
            return await ReadAsync(window, limit, cancellationToken).ConfigureAwait(false);
        }
        catch (FileNotFoundException)
        {
            // A file was compacted and vacuumed while we read; the new list has its successor.
            return await ReadAsync(window, limit, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<SensorReadingsPage> ReadAsync(ReadingWindow window, int limit, CancellationToken cancellationToken)
    {
        var found = new List<SensorReading>();
        foreach (var day in (await CandidatesAsync(window, cancellationToken).ConfigureAwait(false)).GroupBy(f => f.PartitionDate).OrderBy(g => g.Key))
        {
            var ofDay = new SmallestReadings(limit + 1 - found.Count);
            foreach (var file in day)
            {
                await new SensorFileScan(store, _tables.ByName(file.TableName), file.ObjectKey, window).RunAsync(ofDay, cancellationToken).ConfigureAwait(false);
            }

            found.AddRange(ofDay.InOrder());
            if (found.Count > limit)
            {
                break;
            }
        }

        var isMore = found.Count > limit;
        var page = isMore ? found[..limit] : found;
        return new SensorReadingsPage(page, isMore ? ReadingKey.Of(page[^1]).ToString() : null);
    }

    private async Task<List<LakeFile>> CandidatesAsync(ReadingWindow window, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        var (first, last) = (DateOf(window.FromMs), DateOf(window.ToMs));
        var files = await context.LakeFiles
            .Where(f => f.TableName != "bronze" && f.RemovedVersion == null && f.PartitionDate >= first && f.PartitionDate <= last)
            .ToListAsync(cancellationToken).ConfigureAwait(false);
        files.RemoveAll(f => !MayHold(f.Stats, window));
        return files;
    }

    private static DateOnly DateOf(long unixMilliseconds) => DateOnly.FromDateTime(
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMilliseconds, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())).UtcDateTime);

    private static bool MayHold(string? stats, ReadingWindow window)
    {
        if (stats is null)
        {
            return true;
        }

        using var json = JsonDocument.Parse(stats);
        var (min, max) = (json.RootElement.GetProperty("minValues"), json.RootElement.GetProperty("maxValues"));
        if (min.TryGetProperty("sensor_id", out var lowest) && string.CompareOrdinal(window.SensorId, lowest.GetString()) < 0)
        {
            return false;
        }

        if (max.TryGetProperty("sensor_id", out var highest) && string.CompareOrdinal(window.SensorId, highest.GetString()) > 0)
        {
            return false;
        }

        return FileTimes.MayHold(json.RootElement, window.FromMs, window.ToMs);
    }
}

/// <summary>A page of readings.</summary>
/// <param name="NextCursor">For the next page; null on the last.</param>
internal sealed record SensorReadingsPage(IReadOnlyList<SensorReading> Items, string? NextCursor);

/// <summary>A committed reading. Times are Unix milliseconds.</summary>
/// <param name="Measurements">Those that were there.</param>
/// <param name="ModelVersion">Null when it was not scored.</param>
/// <param name="Severity">Null unless it is an anomaly.</param>
internal sealed record SensorReading(
    int SourceId, int Partition, long RecordOffset, int Item, string SensorId, string Profile, long EventMs, long RecordMs, int Flags,
    IReadOnlyDictionary<string, double> Measurements, string? ModelVersion, double? AnomalyScore, bool IsAnomaly, double? Threshold, string? Severity,
    string? TopMeasurement);

/// <summary>What is looked for.</summary>
internal sealed record ReadingWindow(string SensorId, long FromMs, long ToMs, ReadingKey? After);

/// <summary>The order of readings, and the cursor.</summary>
internal readonly record struct ReadingKey(long EventMs, int SourceId, int Partition, long RecordOffset, int Item) : IComparable<ReadingKey>
{
    public static ReadingKey Of(SensorReading r) => new(r.EventMs, r.SourceId, r.Partition, r.RecordOffset, r.Item);

    public static ReadingKey Parse(string cursor)
    {
        var fields = cursor.Split('-');
        if (fields.Length == 5 && Number(fields[0]) is { } time && Number(fields[1]) is { } source && Number(fields[2]) is { } partition
            && Number(fields[3]) is { } offset && Number(fields[4]) is { } item && source <= int.MaxValue && partition <= int.MaxValue && item <= int.MaxValue)
        {
            return new ReadingKey(time, (int)source, (int)partition, offset, (int)item);
        }

        throw new FormatException($"'{cursor}' is not a cursor of this list.");
    }

    public int CompareTo(ReadingKey other) => (EventMs, SourceId, Partition, RecordOffset, Item).CompareTo(
        (other.EventMs, other.SourceId, other.Partition, other.RecordOffset, other.Item));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{EventMs}-{SourceId}-{Partition}-{RecordOffset}-{Item}");

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}

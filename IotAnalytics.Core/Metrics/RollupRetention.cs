using System.Data.Common;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Persistence.PostgreSql;

namespace IotAnalytics.Core.Metrics;

/// <summary>
/// Moves per-sensor minutes older than 7 days into hours, day by day in one transaction each (a kill between two days loses nothing and counts
/// nothing twice), and deletes hours older than 2 years. Ages count from the newest bucket, so that loaded history is not swept away.
/// </summary>
internal sealed class RollupRetention(DatabaseWriter writer, DayPartitions? partitions = null)
{
    private const long DayMs = 86_400_000;
    private static readonly long MinutesKeptMs = 7 * DayMs;
    private static readonly long HoursKeptMs = 730 * DayMs;

    private const string IntoHours = """
        ON CONFLICT (sensor_key, bucket_start, measurement) DO UPDATE SET reading_count = h.reading_count + excluded.reading_count,
          value_min = CASE WHEN excluded.value_min < h.value_min THEN excluded.value_min ELSE h.value_min END,
          value_max = CASE WHEN excluded.value_max > h.value_max THEN excluded.value_max ELSE h.value_max END,
          value_sum = h.value_sum + excluded.value_sum, value_sum_squares = h.value_sum_squares + excluded.value_sum_squares,
          anomaly_count = h.anomaly_count + excluded.anomaly_count,
          score_max = CASE WHEN h.score_max IS NULL OR excluded.score_max > h.score_max THEN excluded.score_max ELSE h.score_max END
        """;

    private const string Sums =
        "sum(m.reading_count), min(m.value_min), max(m.value_max), sum(m.value_sum), sum(m.value_sum_squares), sum(m.anomaly_count), max(m.score_max)";

    private const string HourColumns =
        "sensor_key, bucket_start, measurement, reading_count, value_min, value_max, value_sum, value_sum_squares, anomaly_count, score_max";

    /// <summary>Returns the number of minute rows that were moved.</summary>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        if (partitions is not null)
        {
            await partitions.EnsureAsync(cancellationToken).ConfigureAwait(false);
        }

        long moved = 0;
        while (await writer.WriteAsync(t => t.IsPostgreSql() ? MoveOldestPartition(t) : MoveOldestDay(t), cancellationToken).ConfigureAwait(false) is { } day)
        {
            moved += day;
        }

        await writer.WriteAsync(ForgetHours, cancellationToken).ConfigureAwait(false);
        return moved;
    }

    /// <summary>SQLite clusters the table by sensor, so every statement goes sensor by sensor. Null: there is nothing to move.</summary>
    private static long? MoveOldestDay(DbTransaction transaction)
    {
        var (first, newest) = Bounds(
            transaction,
            """
            SELECT min((SELECT min(bucket_start) FROM sensor_minute m WHERE m.sensor_key = s.sensor_key)),
              max((SELECT max(bucket_start) FROM sensor_minute m WHERE m.sensor_key = s.sensor_key)) FROM sensor s
            """);
        var from = first - (first % DayMs);
        if (first == 0 || from + DayMs > newest - MinutesKeptMs)
        {
            return null;
        }

        transaction.Execute(
            $"""
            INSERT INTO sensor_hour AS h ({HourColumns})
            SELECT m.sensor_key, m.bucket_start - m.bucket_start % 3600000, m.measurement, {Sums}
            FROM sensor s JOIN sensor_minute m ON m.sensor_key = s.sensor_key WHERE m.bucket_start >= @from AND m.bucket_start < @to GROUP BY 1, 2, 3
            {IntoHours}
            """,
            ("@from", from), ("@to", from + DayMs));
        return transaction.Execute(
            "DELETE FROM sensor_minute WHERE sensor_key IN (SELECT sensor_key FROM sensor) AND bucket_start >= @from AND bucket_start < @to",
            ("@from", from), ("@to", from + DayMs));
    }

    /// <summary>PostgreSQL: a day's partition is summed up and dropped; a day of the default partition is deleted. Null: there is nothing to move.</summary>
    private static long? MoveOldestPartition(DbTransaction transaction)
    {
        transaction.TakeTurn("sensor_minute");
        transaction.LimitLockWait(TimeSpan.FromSeconds(5));
        transaction.Execute("SET LOCAL statement_timeout = '10min'");
        // The newest reading of any sensor, which the roll-ups hold: a scan of all minutes would say the same.
        var (_, newest) = Bounds(transaction, "SELECT min(last_event_time), max(last_event_time) FROM sensor");
        var before = newest - MinutesKeptMs;
        var oldest = DayPartitions.Known(transaction).Where(d => Start(d) + DayMs <= before).Order().Take(1).ToList();
        if (oldest.Count > 0)
        {
            var name = DayPartitions.NameOf(oldest[0]);
            // First the lock on the parent: a roll-up that is under way ends before the sum is taken, and none comes after.
            transaction.Execute("LOCK TABLE sensor_minute IN ACCESS EXCLUSIVE MODE");
            var rows = MoveInto(transaction, name, Start(oldest[0]));
            transaction.Execute($"DROP TABLE {name}");
            return rows;
        }

        var (stray, _) = Bounds(transaction, "SELECT min(bucket_start), max(bucket_start) FROM sensor_minute_default");
        var from = stray - (stray % DayMs);
        if (stray == 0 || from + DayMs > before)
        {
            return null;
        }

        transaction.Execute("LOCK TABLE sensor_minute_default IN SHARE ROW EXCLUSIVE MODE");
        var moved = MoveInto(transaction, "sensor_minute_default", from);
        transaction.Execute(
            "DELETE FROM sensor_minute_default WHERE bucket_start >= @from AND bucket_start < @to", ("@from", new DbTime(from)), ("@to", new DbTime(from + DayMs)));
        return moved;
    }

    private static long MoveInto(DbTransaction transaction, string partition, long from)
    {
        transaction.Execute(
            $"""
            INSERT INTO sensor_hour AS h ({HourColumns})
            SELECT m.sensor_key, date_trunc('hour', m.bucket_start, 'UTC'), m.measurement, {Sums}
            FROM {partition} m WHERE m.bucket_start >= @from AND m.bucket_start < @to GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            {IntoHours}
            """,
            ("@from", new DbTime(from)), ("@to", new DbTime(from + DayMs)));
        using var count = transaction.Query(
            $"SELECT count(*) FROM {partition} WHERE bucket_start >= @from AND bucket_start < @to", ("@from", new DbTime(from)), ("@to", new DbTime(from + DayMs)));
        return (long)count.ExecuteScalar()!;
    }

    private static void ForgetHours(DbTransaction transaction)
    {
        var isPostgreSql = transaction.IsPostgreSql();
        var (_, newest) = Bounds(
            transaction,
            isPostgreSql
                ? "SELECT min(last_event_time), max(last_event_time) FROM sensor"
                : "SELECT 0, max((SELECT max(bucket_start) FROM sensor_hour h WHERE h.sensor_key = s.sensor_key)) FROM sensor s");
        transaction.Execute(
            "DELETE FROM sensor_hour WHERE sensor_key IN (SELECT sensor_key FROM sensor) AND bucket_start < @before", ("@before", new DbTime(newest - HoursKeptMs)));
    }

    /// <summary>Two times in Unix milliseconds; 0 where there is none.</summary>
    private static (long First, long Last) Bounds(DbTransaction transaction, string sql)
    {
        using var query = transaction.Query(sql);
        using var row = query.ExecuteReader();
        return row.Read() && !row.IsDBNull(1) ? (row.IsDBNull(0) ? 0 : row.GetUnixMs(0), row.GetUnixMs(1)) : (0, 0);
    }

    private static long Start(DateOnly day) => new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds();
}

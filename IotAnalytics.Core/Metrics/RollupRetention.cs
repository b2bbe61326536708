using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Metrics;

/// <summary>
/// Moves per-sensor minutes older than 7 days into hours, day by day in one transaction each (a kill between two days loses nothing and counts
/// nothing twice), and deletes hours older than 2 years. The tables are clustered by sensor, so every statement goes sensor by sensor. Ages count from the newest bucket, so that loaded history is not swept away.
/// </summary>
internal sealed class RollupRetention(DatabaseWriter writer)
{
    private const long DayMs = 86_400_000;
    private static readonly long MinutesKeptMs = 7 * DayMs;
    private static readonly long HoursKeptMs = 730 * DayMs;

    /// <summary>Returns the number of minute rows that were moved.</summary>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        long moved = 0;
        while (true)
        {
            var day = await writer.WriteAsync(MoveOldestDay, cancellationToken).ConfigureAwait(false);
            if (day == 0)
            {
                break;
            }

            moved += day;
        }

        await writer.WriteAsync(
            transaction => transaction.Execute(
                """
                DELETE FROM sensor_hour WHERE sensor_key IN (SELECT sensor_key FROM sensor)
                  AND bucket_start < (SELECT max((SELECT max(bucket_start) FROM sensor_hour h WHERE h.sensor_key = s.sensor_key)) FROM sensor s) - @kept
                """,
                ("@kept", HoursKeptMs)),
            cancellationToken).ConfigureAwait(false);
        return moved;
    }

    private static long MoveOldestDay(System.Data.Common.DbTransaction transaction)
    {
        using var bounds = transaction.Query(
            """
            SELECT min((SELECT min(bucket_start) FROM sensor_minute m WHERE m.sensor_key = s.sensor_key)),
              max((SELECT max(bucket_start) FROM sensor_minute m WHERE m.sensor_key = s.sensor_key)) FROM sensor s
            """);
        long first, newest;
        using (var reader = bounds.ExecuteReader())
        {
            if (!reader.Read() || reader.IsDBNull(0))
            {
                return 0;
            }

            (first, newest) = (reader.GetInt64(0), reader.GetInt64(1));
        }

        var dayStart = first - (first % DayMs);
        var dayEnd = dayStart + DayMs;
        if (dayEnd > newest - MinutesKeptMs)
        {
            return 0;
        }

        transaction.Execute(
            """
            INSERT INTO sensor_hour AS h (sensor_key, bucket_start, measurement, reading_count, value_min, value_max, value_sum, value_sum_squares, anomaly_count, score_max)
            SELECT m.sensor_key, m.bucket_start - m.bucket_start % 3600000, m.measurement, sum(m.reading_count), min(m.value_min), max(m.value_max),
              sum(m.value_sum), sum(m.value_sum_squares), sum(m.anomaly_count), max(m.score_max)
            FROM sensor s JOIN sensor_minute m ON m.sensor_key = s.sensor_key WHERE m.bucket_start >= @from AND m.bucket_start < @to GROUP BY 1, 2, 3
            ON CONFLICT (sensor_key, bucket_start, measurement) DO UPDATE SET reading_count = h.reading_count + excluded.reading_count,
              value_min = CASE WHEN excluded.value_min < h.value_min THEN excluded.value_min ELSE h.value_min END,
              value_max = CASE WHEN excluded.value_max > h.value_max THEN excluded.value_max ELSE h.value_max END,
              value_sum = h.value_sum + excluded.value_sum, value_sum_squares = h.value_sum_squares + excluded.value_sum_squares,
              anomaly_count = h.anomaly_count + excluded.anomaly_count,
              score_max = CASE WHEN h.score_max IS NULL OR excluded.score_max > h.score_max THEN excluded.score_max ELSE h.score_max END
            """,
            ("@from", dayStart), ("@to", dayEnd));
        return transaction.Execute(
            "DELETE FROM sensor_minute WHERE sensor_key IN (SELECT sensor_key FROM sensor) AND bucket_start >= @from AND bucket_start < @to",
            ("@from", dayStart), ("@to", dayEnd));
    }
}

using System.Data.Common;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Modeling.SelfChecks;

/// <summary>What the checks read from the database, within one transaction.</summary>
internal static class ModelStatusRows
{
    private const long Hour = 3_600_000;

    /// <summary>Hours of record time that the alarm rate is taken of.</summary>
    private const int AlarmHours = 24;

    /// <summary>Every model with its champion, since when it is that, and when it was made; Unix milliseconds.</summary>
    public static List<ModelRow> Models(DbTransaction transaction)
    {
        using var query = transaction.Query(
            """
            SELECT m.name, m.champion, v.created_at, v.card,
              coalesce((SELECT max(h.changed_at) FROM model_alias_history h WHERE h.name = m.name AND h.alias = 'champion'), v.created_at),
              CASE WHEN EXISTS (SELECT 1 FROM model_alias_history h WHERE h.name = m.name AND h.alias = 'champion' AND h.previous IS NOT NULL) THEN 1 ELSE 0 END
            FROM model m LEFT JOIN model_version v ON v.name = m.name AND v.version = m.champion ORDER BY m.name
            """);
        using var rows = query.ExecuteReader();
        var models = new List<ModelRow>();
        while (rows.Read())
        {
            var isThere = !rows.IsDBNull(2);
            models.Add(new ModelRow(
                rows.GetString(0), isThere ? rows.GetString(1) : null, isThere ? rows.GetUnixMs(2) : 0, isThere ? rows.GetString(3) : null, isThere ? rows.GetUnixMs(4) : 0, rows.GetInt32(5) == 0));
        }

        return models;
    }

    /// <summary>Scored and flagged readings of each minute of the newest day of record time, by profile.</summary>
    public static ILookup<string, (long MinuteMs, AlarmCount Count)> Minutes(DbTransaction transaction)
    {
        var minutes = new List<(string Profile, long MinuteMs, AlarmCount Count)>();
        using var newest = transaction.Query("SELECT max(bucket_start) FROM pipeline_minute");
        long last;
        using (var row = newest.ExecuteReader())
        {
            last = row.Read() && !row.IsDBNull(0) ? row.GetUnixMs(0) : 0;
        }

        using var query = transaction.Query(
            """
            SELECT profile, bucket_start, CAST(sum(normal + anomalies - not_scored) AS bigint), CAST(sum(anomalies) AS bigint) FROM pipeline_minute
            WHERE bucket_start >= @from AND profile <> '' GROUP BY profile, bucket_start ORDER BY bucket_start
            """,
            ("@from", new DbTime((last / Hour - AlarmHours) * Hour)));
        using var rows = query.ExecuteReader();
        while (rows.Read())
        {
            minutes.Add((rows.GetString(0), rows.GetUnixMs(1), new AlarmCount(rows.GetInt64(2), rows.GetInt64(3))));
        }

        return minutes.ToLookup(m => m.Profile, m => (m.MinuteMs, m.Count), StringComparer.Ordinal);
    }

    /// <summary>Sensors that sent something in the newest day of record time, and those of them that are warming up, by profile.</summary>
    public static Dictionary<string, SensorCount> Sensors(DbTransaction transaction)
    {
        using var query = transaction.Query(
            $"""
            SELECT profile, count(*), CAST(sum(CASE WHEN (last_flags & {(int)ReadingFlags.WarmingUp}) <> 0 THEN 1 ELSE 0 END) AS bigint), max(last_event_time) FROM sensor
            WHERE last_record_time >= @from GROUP BY profile
            """,
            ("@from", new DbTime(NewestRecord(transaction) - AlarmHours * Hour)));
        using var rows = query.ExecuteReader();
        var sensors = new Dictionary<string, SensorCount>(StringComparer.Ordinal);
        while (rows.Read())
        {
            sensors[rows.GetString(0)] = new SensorCount(rows.GetInt64(1), rows.GetInt64(2), rows.IsDBNull(3) ? 0 : rows.GetUnixMs(3));
        }

        return sensors;
    }

    /// <summary>Measurements of a profile with one value only in all of at least <paramref name="minReadings"/> readings, with that value.</summary>
    /// <param name="fromMs">Event time.</param>
    public static Dictionary<string, double> ConstantMeasurements(DbTransaction transaction, string profile, long fromMs, long minReadings)
    {
        using var query = transaction.Query(
            """
            SELECT m.measurement, min(m.value_min) FROM sensor_minute m JOIN sensor s ON s.sensor_key = m.sensor_key
            WHERE s.profile = @profile AND m.bucket_start >= @from AND m.value_min IS NOT NULL
            GROUP BY m.measurement HAVING min(m.value_min) = max(m.value_max) AND sum(m.reading_count) >= @least
            """,
            ("@profile", profile), ("@from", new DbTime(fromMs)), ("@least", minReadings));
        using var rows = query.ExecuteReader();
        var constant = new Dictionary<string, double>(StringComparer.Ordinal);
        while (rows.Read())
        {
            constant[rows.GetString(0)] = rows.GetDouble(1);
        }

        return constant;
    }

    /// <summary>Measurements that had one value in nearly all of a version's training rows, with that value.</summary>
    public static Dictionary<string, double> ConstantInTraining(DbTransaction transaction, string name, string version)
    {
        using var query = transaction.Query(
            "SELECT measurement, p1 FROM model_feature_range WHERE model_version = @version AND p1 = p99", ("@version", $"{name}/{version}"));
        using var rows = query.ExecuteReader();
        var constant = new Dictionary<string, double>(StringComparer.Ordinal);
        while (rows.Read())
        {
            constant[rows.GetString(0)] = rows.GetDouble(1);
        }

        return constant;
    }

    private static long NewestRecord(DbTransaction transaction)
    {
        using var query = transaction.Query("SELECT max(last_record_time) FROM sensor");
        using var row = query.ExecuteReader();
        return row.Read() && !row.IsDBNull(0) ? row.GetUnixMs(0) : 0;
    }
}

/// <summary>A model. The champion's columns say nothing when it is null.</summary>
/// <param name="CreatedMs">When the champion was made.</param>
/// <param name="Card">Of the champion, JSON.</param>
/// <param name="SinceMs">Since when it is the champion.</param>
/// <param name="IsFirst">Whether there was none before it: it scored everything.</param>
internal sealed record ModelRow(string Name, string? Champion, long CreatedMs, string? Card, long SinceMs, bool IsFirst);

/// <param name="NewestEventMs">Newest event time of any of them.</param>
internal readonly record struct SensorCount(long Sensors, long WarmingUp, long NewestEventMs);

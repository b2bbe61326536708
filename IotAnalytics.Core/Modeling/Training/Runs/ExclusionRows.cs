using System.Collections.Frozen;
using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>What people have said about a profile's readings, from the database.</summary>
internal static class ExclusionRows
{
    /// <param name="fromMs">Of the window, event time.</param>
    /// <param name="toMs">Of the window, exclusive.</param>
    public static TrainingExclusions Read(DbTransaction transaction, string name, long fromMs, long toMs) =>
        new(Periods(transaction, name, fromMs, toMs), Verdicts(transaction, name, "confirmed", fromMs, toMs), Verdicts(transaction, name, "dismissed", fromMs, toMs));

    /// <summary>Adds a period; returns its id.</summary>
    public static long Insert(DbTransaction transaction, string name, string? sensorId, DateTime from, DateTime to, string reason, string by, DateTimeOffset now)
    {
        using var insert = transaction.Query(
            """
            INSERT INTO training_exclusion (name, sensor_id, from_time, to_time, reason, created_by, created_at)
            VALUES (@name, @sensor, @from, @to, @reason, @by, @now) RETURNING exclusion_id
            """,
            ("@name", name), ("@sensor", sensorId), ("@from", DbTime.From(from)), ("@to", DbTime.From(to)), ("@reason", reason), ("@by", by), ("@now", DbTime.From(now)));
        return Convert.ToInt64(insert.ExecuteScalar(), null);
    }

    /// <summary>False: there is no such period of the model.</summary>
    public static bool Delete(DbTransaction transaction, string name, long id) =>
        transaction.Execute("DELETE FROM training_exclusion WHERE name = @name AND exclusion_id = @id", ("@name", name), ("@id", id)) == 1;

    private static List<ExcludedPeriod> Periods(DbTransaction transaction, string name, long fromMs, long toMs)
    {
        using var query = transaction.Query(
            "SELECT sensor_id, from_time, to_time FROM training_exclusion WHERE name = @name AND from_time < @to AND to_time > @from ORDER BY exclusion_id",
            ("@name", name), ("@from", new DbTime(fromMs)), ("@to", new DbTime(toMs)));
        using var rows = query.ExecuteReader();
        var periods = new List<ExcludedPeriod>();
        while (rows.Read())
        {
            periods.Add(new ExcludedPeriod(rows.IsDBNull(0) ? null : rows.GetString(0), rows.GetUnixMs(1), rows.GetUnixMs(2)));
        }

        return periods;
    }

    private static FrozenSet<ReadingIdentity> Verdicts(DbTransaction transaction, string name, string verdict, long fromMs, long toMs)
    {
        using var query = transaction.Query(
            """
            SELECT a.source_id, a.partition, a.record_offset, a.item FROM anomaly a JOIN sensor s ON s.sensor_key = a.sensor_key
            WHERE s.profile = @name AND a.verdict = @verdict AND a.event_time >= @from AND a.event_time < @to
            """,
            ("@name", name), ("@verdict", verdict), ("@from", new DbTime(fromMs)), ("@to", new DbTime(toMs)));
        using var rows = query.ExecuteReader();
        var found = new List<ReadingIdentity>();
        while (rows.Read())
        {
            found.Add(new ReadingIdentity(rows.GetInt32(0), rows.GetInt32(1), rows.GetInt64(2), rows.GetInt32(3)));
        }

        return found.ToFrozenSet();
    }
}

using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>What the gate reads and writes in the database, within one transaction.</summary>
internal static class GateRows
{
    /// <summary>The run that made a version, or null: none did, as with an imported one.</summary>
    public static (long FromMs, long ToMs, long Seed)? Run(DbTransaction transaction, string name, string version)
    {
        using var query = transaction.Query(
            """
            SELECT r.window_from, r.window_to, r.seed FROM model_version v JOIN training_run r ON r.run_id = v.training_run_id
            WHERE v.name = @name AND v.version = @version
            """,
            ("@name", name), ("@version", version));
        using var row = query.ExecuteReader();
        return row.Read() ? (row.GetUnixMs(0), row.GetUnixMs(1), row.GetInt64(2)) : null;
    }

    /// <summary>Sensors with an anomaly that somebody judged; in order of their ids.</summary>
    public static List<string> JudgedSensors(DbTransaction transaction, string name, long fromMs, long toMs)
    {
        using var query = transaction.Query(
            """
            SELECT DISTINCT s.sensor_id FROM anomaly a JOIN sensor s ON s.sensor_key = a.sensor_key
            WHERE s.profile = @name AND a.verdict IS NOT NULL AND a.event_time >= @from AND a.event_time < @to ORDER BY s.sensor_id
            """,
            ("@name", name), ("@from", new DbTime(fromMs)), ("@to", new DbTime(toMs)));
        using var rows = query.ExecuteReader();
        var sensors = new List<string>();
        while (rows.Read())
        {
            sensors.Add(rows.GetString(0));
        }

        return sensors;
    }

    /// <summary>Of each model the newest version, when a run made it, it is not the champion and has no report yet.</summary>
    public static List<(string Name, string Version)> Waiting(DbTransaction transaction)
    {
        using var query = transaction.Query(
            """
            SELECT v.name, v.version FROM model_version v JOIN model m ON m.name = v.name
            WHERE v.training_run_id = (SELECT MAX(n.training_run_id) FROM model_version n WHERE n.name = v.name) AND v.version <> m.champion
              AND NOT EXISTS (SELECT 1 FROM gate_report g WHERE g.name = v.name AND g.version = v.version)
              AND NOT EXISTS (SELECT 1 FROM model_alias_history h WHERE h.name = v.name AND h.version = v.version AND h.alias = 'champion')
            ORDER BY v.name
            """);
        using var rows = query.ExecuteReader();
        var waiting = new List<(string, string)>();
        while (rows.Read())
        {
            waiting.Add((rows.GetString(0), rows.GetString(1)));
        }

        return waiting;
    }

    public static long Insert(DbTransaction transaction, GateReport report, DbTime now)
    {
        using var insert = transaction.Query(
            "INSERT INTO gate_report (name, version, champion, created_at, verdict, report) "
            + $"VALUES (@name, @version, @champion, @now, @verdict, {(transaction.IsPostgreSql() ? "CAST(@report AS jsonb)" : "@report")}) RETURNING report_id",
            ("@name", report.Name), ("@version", report.Version), ("@champion", report.Champion), ("@now", now),
            ("@verdict", report.VerdictName), ("@report", report.ToJson()));
        return Convert.ToInt64(insert.ExecuteScalar(), null);
    }
}

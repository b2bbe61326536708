using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>What is stored of drift, within one transaction.</summary>
internal static class DriftRows
{
    /// <summary>The stability index of a feature, or of the score, on a day.</summary>
    public const string Psi = "psi";

    /// <summary>An alarm of the charts of fast shifts.</summary>
    public const string Cusum = "cusum";

    /// <summary>How many rows a day had, where they were too few: the day was not measured.</summary>
    public const string TooFewRows = "too_few_rows";

    /// <summary>Stands for a feature: the score.</summary>
    public const string Score = "anomaly_score";

    /// <summary>When a champion came to be, and its window when a run made it; null: there is no such version.</summary>
    public static (long CreatedMs, (long FromMs, long ToMs)? Window)? Version(DbTransaction transaction, string name, string version)
    {
        using var query = transaction.Query(
            """
            SELECT v.created_at, r.window_from, r.window_to FROM model_version v LEFT JOIN training_run r ON r.run_id = v.training_run_id
            WHERE v.name = @name AND v.version = @version
            """,
            ("@name", name), ("@version", version));
        using var row = query.ExecuteReader();
        return row.Read() ? (row.GetUnixMs(0), row.IsDBNull(1) ? null : (row.GetUnixMs(1), row.GetUnixMs(2))) : null;
    }

    /// <summary>The days that were looked at, and the highest index of each, by feature; 0 where it was not measured.</summary>
    public static SortedDictionary<long, Dictionary<string, double>> Days(DbTransaction transaction, string name, string version, long fromMs)
    {
        using var query = transaction.Query(
            """
            SELECT measured_time, feature, CASE WHEN method = 'psi' THEN value ELSE 0 END FROM drift_measurement
            WHERE name = @name AND model_version = @version AND method IN ('psi', 'too_few_rows') AND measured_time >= @from
            """,
            ("@name", name), ("@version", version), ("@from", new DbTime(fromMs)));
        using var rows = query.ExecuteReader();
        var days = new SortedDictionary<long, Dictionary<string, double>>();
        while (rows.Read())
        {
            var day = rows.GetUnixMs(0);
            if (!days.TryGetValue(day, out var features))
            {
                days.Add(day, features = []);
            }

            features[rows.GetString(1)] = rows.GetDouble(2);
        }

        return days;
    }

    /// <summary>Adds measurements; those that are there already stay as they are.</summary>
    public static void Insert(DbTransaction transaction, IEnumerable<DriftMeasured> measured, string name, string version, DbTime now)
    {
        foreach (var one in measured)
        {
            transaction.Execute(
                """
                INSERT INTO drift_measurement (name, model_version, method, feature, measured_time, value, "limit", row_count, created_at)
                VALUES (@name, @version, @method, @feature, @time, @value, @limit, @rows, @now)
                ON CONFLICT (name, measured_time, model_version, method, feature) DO NOTHING
                """,
                ("@name", name), ("@version", version), ("@method", one.Method), ("@feature", one.Feature), ("@time", new DbTime(one.TimeMs)),
                ("@value", one.Value), ("@limit", one.Limit), ("@rows", one.Rows), ("@now", now));
        }
    }
}

/// <param name="TimeMs">Begin of the day, or the time of the alarm; event time.</param>
internal sealed record DriftMeasured(string Method, string Feature, long TimeMs, double Value, double Limit, int Rows);

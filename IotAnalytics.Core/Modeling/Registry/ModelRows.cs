using System.Data.Common;
using System.Globalization;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>The registry's rows, within one transaction.</summary>
internal static class ModelRows
{
    /// <summary>The champion's version, or null: no such model, or it has none.</summary>
    public static string? Champion(DbTransaction transaction, string name)
    {
        using var query = transaction.Query("SELECT champion FROM model WHERE name = @name", ("@name", name));
        return query.ExecuteScalar() as string;
    }

    /// <summary>The shadow's version and its share, or null: no such model, or it has none.</summary>
    public static (string Version, double Share)? Shadow(DbTransaction transaction, string name)
    {
        using var query = transaction.Query("SELECT shadow, shadow_share FROM model WHERE name = @name AND shadow IS NOT NULL", ("@name", name));
        using var row = query.ExecuteReader();
        return row.Read() ? (row.GetString(0), row.GetDouble(1)) : null;
    }

    /// <summary>Where a version's file is and its hash, or null: no such version.</summary>
    public static (string ObjectKey, string Sha256)? File(DbTransaction transaction, string name, string version)
    {
        using var query = transaction.Query(
            "SELECT object_key, sha256 FROM model_version WHERE name = @name AND version = @version", ("@name", name), ("@version", version));
        using var row = query.ExecuteReader();
        return row.Read() ? (row.GetString(0), row.GetString(1)) : null;
    }

    /// <summary>One more than the newest version.</summary>
    public static string NextVersion(DbTransaction transaction, string name)
    {
        using var query = transaction.Query("SELECT version FROM model_version WHERE name = @name", ("@name", name));
        using var rows = query.ExecuteReader();
        var newest = 0;
        while (rows.Read())
        {
            newest = Math.Max(newest, int.Parse(rows.GetString(0), CultureInfo.InvariantCulture));
        }

        return (newest + 1).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>What people said of the anomalies of every version, by <c>name/version</c>.</summary>
    public static Dictionary<string, VerdictPrecision> Precisions(DbTransaction transaction)
    {
        using var query = transaction.Query(
            """
            SELECT s.profile || '/' || a.model_version, a.verdict, count(*) FROM anomaly a JOIN sensor s ON s.sensor_key = a.sensor_key
            WHERE a.verdict IS NOT NULL GROUP BY s.profile, a.model_version, a.verdict
            """);
        using var rows = query.ExecuteReader();
        var precisions = new Dictionary<string, VerdictPrecision>(StringComparer.Ordinal);
        while (rows.Read())
        {
            var (version, isConfirmed, count) = (rows.GetString(0), rows.GetString(1) == Verdicts.Confirmed, rows.GetInt64(2));
            var other = precisions.GetValueOrDefault(version);
            precisions[version] = isConfirmed ? other with { Confirmed = count } : other with { Dismissed = count };
        }

        return precisions;
    }

    /// <summary>Inserts a version with its ranges. The model's row is locked. Returns false, with nothing changed, when it is not the next version any more.</summary>
    /// <param name="trainingRunId">The run that made it, or null.</param>
    public static bool InsertVersion(DbTransaction transaction, ModelSnapshot model, string key, string by, long? trainingRunId, DbTime now)
    {
        if (NextVersion(transaction, model.Name) != model.Version)
        {
            return false;
        }

        transaction.Execute(
            "INSERT INTO model_version (name, version, object_key, sha256, card, created_at, created_by, training_run_id) "
            + "VALUES (@name, @version, @key, @sha256, @card, @now, @by, @run)",
            ("@name", model.Name), ("@version", model.Version), ("@key", key), ("@sha256", model.Sha256), ("@card", model.Card.ToJson()), ("@now", now),
            ("@by", by), ("@run", trainingRunId));
        InsertRanges(transaction, model);
        return true;
    }

    /// <summary>Inserts the expected ranges of a version.</summary>
    public static void InsertRanges(DbTransaction transaction, ModelSnapshot model)
    {
        for (var i = 0; i < model.MeasurementNames.Length; i++)
        {
            transaction.Execute(
                "INSERT INTO model_feature_range (model_version, measurement, p1, p99) VALUES (@version, @measurement, @p1, @p99) ON CONFLICT DO NOTHING",
                ("@version", $"{model.Name}/{model.Version}"), ("@measurement", model.MeasurementNames[i]),
                ("@p1", model.ExpectedRanges[i].P1), ("@p99", model.ExpectedRanges[i].P99));
        }
    }
}

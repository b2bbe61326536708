using System.Data.Common;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>The registry's rows, within one transaction.</summary>
internal static class ModelRows
{
    /// <summary>Inserts a version with its ranges and makes it the champion. Returns false, with nothing changed, when the version exists or the
    /// champion is no longer <paramref name="replaced"/>.</summary>
    /// <param name="replaced">The champion that the caller saw, or null for none.</param>
    /// <param name="nowMs">Unix milliseconds.</param>
    public static bool InsertChampion(DbTransaction transaction, ModelSnapshot model, string key, string by, string? replaced, long nowMs)
    {
        Execute(transaction, "INSERT INTO model (name, champion, created_at) VALUES (@name, NULL, @now) ON CONFLICT (name) DO NOTHING",
            ("@name", model.Name), ("@now", nowMs));
        using (var current = Command(transaction, "SELECT champion FROM model WHERE name = @name", ("@name", model.Name)))
        {
            if (current.ExecuteScalar() as string != replaced)
            {
                return false;
            }
        }

        var inserted = Execute(
            transaction,
            "INSERT INTO model_version (name, version, object_key, sha256, card, created_at, created_by) "
            + "VALUES (@name, @version, @key, @sha256, @card, @now, @by) ON CONFLICT (name, version) DO NOTHING",
            ("@name", model.Name), ("@version", model.Version), ("@key", key), ("@sha256", model.Sha256), ("@card", model.Card.ToJson()), ("@now", nowMs), ("@by", by));
        if (inserted == 0)
        {
            return false;
        }

        for (var i = 0; i < model.MeasurementNames.Length; i++)
        {
            Execute(
                transaction,
                "INSERT INTO model_feature_range (model_version, measurement, p1, p99) VALUES (@version, @measurement, @p1, @p99)",
                ("@version", $"{model.Name}/{model.Version}"), ("@measurement", model.MeasurementNames[i]),
                ("@p1", model.ExpectedRanges[i].P1), ("@p99", model.ExpectedRanges[i].P99));
        }

        Execute(transaction, "UPDATE model SET champion = @version WHERE name = @name", ("@name", model.Name), ("@version", model.Version));
        return true;
    }

    private static int Execute(DbTransaction transaction, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(transaction, sql, parameters);
        return command.ExecuteNonQuery();
    }

    private static DbCommand Command(DbTransaction transaction, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}

using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Web.Endpoints;

/// <summary>Anomalies as the database holds them. In plain SQL: what is looked at first, and most often, waits for no EF Core to come up.</summary>
internal static class AnomalyRows
{
    private const string Select = """
        SELECT a.source_id, a.partition, a.record_offset, a.item, s.sensor_id, s.profile, a.event_time, a.record_time, a.detected_at, a.anomaly_score, a.threshold,
          a.rarity, a.severity, a.top_measurement, a.measurements, a.explanation, a.detector, a.model_version, a.other_version, a.is_other_anomaly, a.flags,
          a.verdict, a.verdict_by, a.verdict_at
        FROM anomaly a JOIN sensor s ON s.sensor_key = a.sensor_key
        """;

    /// <summary>Null when there is no such anomaly.</summary>
    public static AnomalyResponse? Find(DbTransaction transaction, ReadingId id)
    {
        using var query = transaction.Query(
            $"{Select} WHERE a.source_id = @source AND a.partition = @partition AND a.record_offset = @offset AND a.item = @item",
            ("@source", id.Source), ("@partition", id.Partition), ("@offset", id.Offset), ("@item", id.Item));
        using var row = query.ExecuteReader();
        return row.Read() ? Response(row, IdOf(row)) : null;
    }

    /// <summary>Newest event first; among those of one time the highest identity.</summary>
    public static List<(ReadingId Id, AnomalyResponse Anomaly)> List(DbTransaction transaction, AnomalyFilter filter, int limit)
    {
        var where = new List<string>();
        using var query = transaction.Query("", ("@limit", limit));
        Where("s.sensor_id = @sensor", ("@sensor", filter.SensorId));
        Where("s.profile = @profile", ("@profile", filter.Profile));
        Where("a.event_time >= @from", ("@from", filter.From));
        Where("a.event_time < @to", ("@to", filter.To));
        Where("a.verdict = @verdict", ("@verdict", filter.Verdict));
        if (filter.IsUnjudged)
        {
            where.Add("a.verdict IS NULL");
        }

        if (filter.Severities is { } severities)
        {
            where.Add($"a.severity IN ({string.Join(", ", severities.Select((_, i) => $"@severity{i}"))})");
            for (var i = 0; i < severities.Length; i++)
            {
                query.Add($"@severity{i}", severities[i]);
            }
        }

        if (filter.Before is var (time, id))
        {
            // The first condition is the one that an index answers.
            where.Add("a.event_time <= @time AND (a.event_time, a.source_id, a.partition, a.record_offset, a.item) < (@time, @source, @partition, @offset, @item)");
            query.Add("@time", time).Add("@source", id.Source).Add("@partition", id.Partition).Add("@offset", id.Offset).Add("@item", id.Item);
        }

        query.CommandText = $"""
            {Select}{(where.Count == 0 ? "" : $" WHERE {string.Join(" AND ", where)}")}
            ORDER BY a.event_time DESC, a.source_id DESC, a.partition DESC, a.record_offset DESC, a.item DESC LIMIT @limit
            """;
        using var row = query.ExecuteReader();
        var rows = new List<(ReadingId, AnomalyResponse)>();
        while (row.Read())
        {
            var found = IdOf(row);
            rows.Add((found, Response(row, found)));
        }

        return rows;

        void Where(string condition, (string Name, object? Value) parameter)
        {
            if (parameter.Value is not null)
            {
                where.Add(condition);
                query.Add(parameter.Name, parameter.Value);
            }
        }
    }

    private static ReadingId IdOf(DbDataReader row) => new(row.GetInt32(0), row.GetInt32(1), row.GetInt64(2), row.GetInt32(3));

    private static AnomalyResponse Response(DbDataReader row, ReadingId id) => new(
        $"{id.Source}-{id.Partition}-{id.Offset}-{id.Item}", row.GetString(4), row.GetString(5), Time(row, 6), Time(row, 7), Time(row, 8), row.GetDouble(9), row.GetDouble(10),
        row.GetDouble(9) / row.GetDouble(10), row.GetDouble(11), row.GetString(12), row.GetString(13), ApiJson.Parse(row.GetString(14))!.Value,
        ApiJson.Parse(row.GetString(15))!.Value, row.GetString(16), row.GetString(17), Text(row, 18), row.IsDBNull(19) ? null : row.GetBoolean(19),
        FlagNames.Of(row.GetInt32(20)), Text(row, 21), Text(row, 22), row.IsDBNull(23) ? null : Time(row, 23));

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTime Time(DbDataReader row, int column) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetUnixMs(column)).UtcDateTime;
}

/// <summary>Which anomalies are wanted; null where all are.</summary>
/// <param name="From">First event time.</param>
/// <param name="To">Event time that is too late.</param>
/// <param name="IsUnjudged">Only those that nobody has judged.</param>
/// <param name="Before">Only what follows this one in the list.</param>
internal sealed record AnomalyFilter(
    string? SensorId, string? Profile, DbTime? From, DbTime? To, string[]? Severities, string? Verdict, bool IsUnjudged, (DbTime Time, ReadingId Id)? Before);

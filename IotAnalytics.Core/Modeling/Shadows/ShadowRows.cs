using System.Data.Common;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Modeling.Shadows;

/// <summary>Reads the paired report, within one transaction.</summary>
internal static class ShadowRows
{
    /// <summary>The present pair of champion and shadow; without a shadow the newest pair of the window. Null: there is none.</summary>
    /// <param name="from">Inclusive: of readings the record time, of verdicts the event time of the anomaly.</param>
    /// <param name="to">Exclusive.</param>
    public static ShadowReport? Report(DbTransaction transaction, string name, DbTime from, DbTime to)
    {
        var aliases = ModelAliases.Read(transaction).FirstOrDefault(a => a.Name == name);
        var pair = aliases is { Champion: { } champion, Shadow: { } shadow } ? (champion, shadow, aliases.ShadowShare) : Newest(transaction, name, from, to);
        return pair is var (first, second, share)
            ? new ShadowReport(first, second, share, Readings(transaction, name, first, second, from, to), Verdicts(transaction, name, first, second, from, to))
            : null;
    }

    private static (string Champion, string Shadow, double Share)? Newest(DbTransaction transaction, string name, DbTime from, DbTime to)
    {
        using var query = transaction.Query(
            """
            SELECT champion_version, shadow_version FROM shadow_minute WHERE bucket_start >= @from AND bucket_start < @to AND profile = @name
            ORDER BY bucket_start DESC, champion_version DESC, shadow_version DESC LIMIT 1
            """,
            ("@from", from), ("@to", to), ("@name", name));
        using var row = query.ExecuteReader();
        return row.Read() ? (row.GetString(0), row.GetString(1), 0) : null;
    }

    private static PairedReadings Readings(DbTransaction transaction, string name, string champion, string shadow, DbTime from, DbTime to)
    {
        using var query = transaction.Query(
            """
            SELECT "both", champion_only, shadow_only, neither, champion_nanoseconds, shadow_nanoseconds FROM shadow_minute
            WHERE bucket_start >= @from AND bucket_start < @to AND profile = @name AND champion_version = @champion AND shadow_version = @shadow
            """,
            ("@from", from), ("@to", to), ("@name", name), ("@champion", champion), ("@shadow", shadow));
        using var row = query.ExecuteReader();
        var sum = default(PairedReadings);
        while (row.Read())
        {
            sum = new PairedReadings(
                sum.Both + row.GetInt64(0), sum.ChampionOnly + row.GetInt64(1), sum.ShadowOnly + row.GetInt64(2), sum.Neither + row.GetInt64(3),
                sum.ChampionNanoseconds + row.GetInt64(4), sum.ShadowNanoseconds + row.GetInt64(5));
        }

        return sum;
    }

    private static PairedVerdicts Verdicts(DbTransaction transaction, string name, string champion, string shadow, DbTime from, DbTime to)
    {
        using var query = transaction.Query(
            """
            SELECT a.model_version, a.is_other_anomaly, a.verdict, count(*) FROM anomaly a JOIN sensor s ON s.sensor_key = a.sensor_key
            WHERE a.event_time >= @from AND a.event_time < @to AND a.verdict IS NOT NULL AND a.is_other_anomaly IS NOT NULL AND s.profile = @name
              AND ((a.model_version = @champion AND a.other_version = @shadow) OR (a.model_version = @shadow AND a.other_version = @champion))
            GROUP BY a.model_version, a.is_other_anomaly, a.verdict
            """,
            ("@from", from), ("@to", to), ("@name", name), ("@champion", champion), ("@shadow", shadow));
        using var row = query.ExecuteReader();
        var cells = new Dictionary<(bool ByShadow, bool IsBoth), VerdictPrecision>();
        while (row.Read())
        {
            var (key, count) = ((row.GetString(0) == shadow, row.GetBoolean(1)), row.GetInt64(3));
            var cell = cells.GetValueOrDefault(key);
            cells[key] = row.GetString(2) == Registry.Verdicts.Confirmed ? cell with { Confirmed = count } : cell with { Dismissed = count };
        }

        return new PairedVerdicts(
            cells.GetValueOrDefault((false, true)), cells.GetValueOrDefault((false, false)), cells.GetValueOrDefault((true, true)), cells.GetValueOrDefault((true, false)));
    }
}

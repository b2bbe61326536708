using System.Data.Common;
using System.Globalization;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Gives sensors their database keys in a short transaction of its own, before the rows that need them. The keys never leave the database:
/// the log, the lake and the saved state know sensors by id.
/// </summary>
internal sealed class SensorKeys(DatabaseWriter writer, TimeProvider time)
{
    private static readonly RowColumn[] Columns =
        [new("sensor_id", RowType.Text), new("profile", RowType.Text), new("first_seen_at", RowType.Time), new("last_flags", RowType.Int32)];

    /// <summary>Sets the key of every sensor from index <paramref name="first"/> on.</summary>
    public async Task AssignAsync(SensorTable sensors, int first, ProfileCatalog catalog, CancellationToken cancellationToken)
    {
        // Sorted, so that two hosts that meet the same new sensors take their rows in the same order.
        var missing = Enumerable.Range(first, sensors.Count - first)
            .Select(i => (Sensor: i, Id: sensors.IdOf(i), Profile: catalog.Profiles[sensors.ProfileOf(i)].Name))
            .OrderBy(s => s.Id, StringComparer.Ordinal).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var now = DbTime.From(time.GetUtcNow());
        var keys = await writer.WriteAsync(
            transaction =>
            {
                var known = Find(transaction, [.. missing.Select(s => s.Id)]);
                using var insert = RowWriter.Statement(
                    transaction, "INSERT INTO sensor (sensor_id, profile, first_seen_at, last_flags) {values} ON CONFLICT (sensor_id) DO NOTHING", Columns);
                var unseen = missing.Where(s => !known.ContainsKey(s.Id)).ToList();
                foreach (var (_, id, profile) in unseen)
                {
                    insert.Add(id, profile, now, 0);
                }

                insert.Complete();
                foreach (var (id, key) in Find(transaction, [.. unseen.Select(s => s.Id)]))
                {
                    known.Add(id, key);
                }

                return missing.ConvertAll(s => known[s.Id]);
            },
            cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < keys.Count; i++)
        {
            sensors.SetKey(missing[i].Sensor, keys[i]);
        }
    }

    private static Dictionary<string, int> Find(DbTransaction transaction, string[] ids)
    {
        var keys = new Dictionary<string, int>(ids.Length, StringComparer.Ordinal);
        if (transaction.IsPostgreSql())
        {
            using var all = transaction.Query("SELECT sensor_id, sensor_key FROM sensor WHERE sensor_id = ANY (@ids)", ("@ids", ids));
            using var rows = all.ExecuteReader();
            while (rows.Read())
            {
                keys.Add(rows.GetString(0), rows.GetInt32(1));
            }

            return keys;
        }

        using var select = transaction.Command("SELECT sensor_key FROM sensor WHERE sensor_id = @id", "@id");
        foreach (var id in ids)
        {
            if (select.With(id).ExecuteScalar() is { } key)
            {
                keys.Add(id, Convert.ToInt32(key, CultureInfo.InvariantCulture));
            }
        }

        return keys;
    }
}

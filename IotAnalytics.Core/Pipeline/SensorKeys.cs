using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Gives sensors their database keys in a short transaction of its own, before the rows that need them. The keys never leave the database:
/// the log, the lake and the saved state know sensors by id.
/// </summary>
internal sealed class SensorKeys(DatabaseWriter writer, TimeProvider time)
{
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

        var keys = await writer.WriteAsync(
            transaction =>
            {
                using var insert = transaction.Command(
                    "INSERT INTO sensor (sensor_id, profile, first_seen_at, last_flags) VALUES (@id, @profile, @now, 0) ON CONFLICT (sensor_id) DO NOTHING",
                    "@id", "@profile", "@now");
                using var select = transaction.Command("SELECT sensor_key FROM sensor WHERE sensor_id = @id", "@id");
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                var found = new int[missing.Count];
                for (var i = 0; i < missing.Count; i++)
                {
                    insert.Run(missing[i].Id, missing[i].Profile, now);
                    found[i] = Convert.ToInt32(select.With(missing[i].Id).ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
                }

                return found;
            },
            cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < keys.Length; i++)
        {
            sensors.SetKey(missing[i].Sensor, keys[i]);
        }
    }
}

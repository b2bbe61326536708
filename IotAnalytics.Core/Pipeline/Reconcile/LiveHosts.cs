using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Pipeline.Reconcile;

/// <summary>Signs of a host that still works on this database.</summary>
internal sealed class LiveHosts(DatabaseReader reader, TimeProvider time)
{
    /// <summary>Names a claim that is none of a host.</summary>
    public const string Reconciler = "lake reconcile";

    private static readonly TimeSpan FreshClaim = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FreshStatus = TimeSpan.FromSeconds(30);

    /// <summary>What was seen of a host within the last minute, or null.</summary>
    public Task<string?> FindAsync(CancellationToken cancellationToken) => reader.ReadAsync(
        transaction =>
        {
            var now = time.GetUtcNow();
            using (var claims = transaction.Query(
                "SELECT owner, source_id, partition FROM stream_partition WHERE claimed_at > @since AND owner <> @mine ORDER BY claimed_at DESC LIMIT 1",
                ("@since", DbTime.From(now - FreshClaim)), ("@mine", Reconciler)))
            {
                using var claim = claims.ExecuteReader();
                if (claim.Read())
                {
                    return $"{claim.GetString(0)} claimed source {claim.GetInt32(1)}, partition {claim.GetInt32(2)} within the last minute";
                }
            }

            using (var leases = transaction.Query("SELECT owner FROM host_role WHERE expires_at > @now LIMIT 1", ("@now", DbTime.From(now))))
            {
                if (leases.ExecuteScalar() is string holder)
                {
                    return $"{holder} holds a role";
                }
            }

            using var statuses = transaction.Query(
                "SELECT host FROM partition_status WHERE time > @since ORDER BY time DESC LIMIT 1", ("@since", DbTime.From(now - FreshStatus)));
            return statuses.ExecuteScalar() is string host ? $"{host} reported within the last 30 seconds" : null;
        },
        cancellationToken);
}

using System.Data.Common;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Roles;

/// <summary>
/// Leases of the roles in the database that the hosts share, by its clock: renewed every 5 s, free for another host 20 s after the last renewal, given
/// back at a graceful stop. A lease spares the hosts each other's work; what keeps two publishers from harm is the lock on the table, so a host that is
/// frozen and wakes up believing in its role does none. On a database of its own a host has every role.
/// </summary>
internal sealed partial class HostRoles(
    DatabaseWriter writer, IOptions<DatabaseOptions> database, HostIdentity host, TimeProvider time, ILogger<HostRoles> logger) : BackgroundService
{
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(20);

    /// <summary>When this host renewed what it holds, by role; replaced as a whole.</summary>
    private volatile IReadOnlyDictionary<string, long> _held = new Dictionary<string, long>();

    /// <summary>Whether this host has the role now.</summary>
    public bool Holds(string role) => !database.Value.IsShared || (_held.TryGetValue(role, out var renewed) && time.GetElapsedTime(renewed) < Length);

    /// <summary>Takes the roles that are free and renews the lease of those held.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        // Before the question: the lease is never believed to be longer than it is.
        var asked = time.GetTimestamp();
        var before = _held;
        var mine = await writer.WriteAsync(Take, cancellationToken).ConfigureAwait(false);
        _held = mine.ToDictionary(role => role, _ => asked);
        foreach (var role in mine.Where(r => !before.ContainsKey(r)))
        {
            LogTaken(role);
        }

        foreach (var role in before.Keys.Where(r => !mine.Contains(r)))
        {
            LogLost(role);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (database.Value.IsShared)
        {
            try
            {
                await writer.WriteAsync(t => t.Execute("DELETE FROM host_role WHERE owner = @owner", ("@owner", host.Name)), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is DbException or OperationCanceledException)
            {
                // The leases end by themselves.
                LogNotRenewed(e);
            }
        }

        _held = new Dictionary<string, long>();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!database.Value.IsShared)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RenewAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (DbException e)
            {
                LogNotRenewed(e);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(RenewEvery, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private List<string> Take(DbTransaction transaction)
    {
        var now = transaction.Now(time);
        var mine = new List<string>();
        foreach (var role in HostRole.All)
        {
            using var take = transaction.Query(
                """
                INSERT INTO host_role AS r (role, owner, taken_at, expires_at) VALUES (@role, @owner, @now, @expires)
                ON CONFLICT (role) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at,
                  taken_at = CASE WHEN r.owner = excluded.owner THEN r.taken_at ELSE excluded.taken_at END
                WHERE r.owner = excluded.owner OR r.expires_at < @now
                RETURNING owner
                """,
                ("@role", role), ("@owner", host.Name), ("@now", new DbTime(now)), ("@expires", new DbTime(now + (long)Length.TotalMilliseconds)));
            if (take.ExecuteScalar() is not null)
            {
                mine.Add(role);
            }
        }

        return mine;
    }

    [LoggerMessage(EventIds.RoleTaken, LogLevel.Information, "This host is the {Role} now")]
    private partial void LogTaken(string role);

    [LoggerMessage(EventIds.RoleLost, LogLevel.Warning, "Another host is the {Role} now: this one did not renew its lease in time")]
    private partial void LogLost(string role);

    [LoggerMessage(EventIds.RoleNotRenewed, LogLevel.Warning, "The leases of the roles could not be renewed")]
    private partial void LogNotRenewed(Exception exception);
}

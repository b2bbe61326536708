using System.Collections.Concurrent;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Web.Security.Audit;

/// <summary>
/// Tells that history was loaded, once a minute for each key and host, before the first body of that minute goes to the log: a load that cannot be
/// told is not taken.
/// </summary>
internal sealed class EventTimeAudit(DatabaseWriter writer, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, long> _told = new(StringComparer.Ordinal);

    public async Task TellAsync(Actor actor, CancellationToken cancellationToken)
    {
        var key = actor.KeyId is { } id ? $"{id}" : actor.Name;
        if (_told.TryGetValue(key, out var last) && time.GetElapsedTime(last) < Period)
        {
            return;
        }

        var now = time.GetTimestamp();
        await writer.WriteAsync(
            transaction => AuditLog.Append(transaction, time.GetUtcNow(), actor, AuditActions.EventTimeLoad, "readings", null, null), cancellationToken);
        _told[key] = now;
    }
}

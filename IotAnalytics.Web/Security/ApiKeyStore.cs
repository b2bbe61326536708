using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Web.Security;

/// <summary>
/// The keys that are good now. All of them are read at once and kept for 5 s, the time within which a revocation takes effect:
/// neither a good nor a guessed key costs a query of its own. An unknown one reads them again when they are older than a second, so that a key
/// made elsewhere works nearly at once.
/// </summary>
internal sealed class ApiKeyStore(DatabaseReader database, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxAgeForUnknown = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly ConcurrentDictionary<int, DateTime> _used = new();
    private volatile Snapshot? _snapshot;

    /// <summary>The key whose whole text this is, or null.</summary>
    public async ValueTask<KeyIdentity?> FindAsync(string text, CancellationToken cancellationToken)
    {
        if (KeySecret.Hash(text) is not { } hash)
        {
            return null;
        }

        // The dictionary compares hashes, whose bytes tell a caller nothing about the key by their timing.
        var key = (await CurrentAsync(MaxAge, cancellationToken)).ByHash.GetValueOrDefault(hash)
            ?? (await CurrentAsync(MaxAgeForUnknown, cancellationToken)).ByHash.GetValueOrDefault(hash);
        if (key is null || key.ExpiresAt <= Now)
        {
            return null;
        }

        _used[key.KeyId] = Now;
        return key;
    }

    /// <summary>The key with this id, or null when it is revoked or has expired.</summary>
    public async ValueTask<KeyIdentity?> FindAsync(int keyId, CancellationToken cancellationToken) =>
        (await CurrentAsync(MaxAge, cancellationToken)).ById.GetValueOrDefault(keyId) is { } key && !(key.ExpiresAt <= Now) ? key : null;

    /// <summary>When which key was last used, since the previous call.</summary>
    public IReadOnlyList<KeyValuePair<int, DateTime>> TakeUsage() =>
        [.. _used.Keys.Select(id => _used.TryRemove(id, out var at) ? KeyValuePair.Create(id, at) : default).Where(p => p.Key != 0)];

    /// <summary>Makes the next look-up read the database.</summary>
    public void Forget() => _snapshot = null;

    public void Dispose() => _loading.Dispose();

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private async ValueTask<Snapshot> CurrentAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        if (_snapshot is { } fresh && time.GetElapsedTime(fresh.LoadedAt) < maxAge)
        {
            return fresh;
        }

        await _loading.WaitAsync(cancellationToken);
        try
        {
            if (_snapshot is { } loaded && time.GetElapsedTime(loaded.LoadedAt) < maxAge)
            {
                return loaded;
            }

            var loadedAt = time.GetTimestamp();
            var keys = await database.ReadAsync(Read, cancellationToken);
            return _snapshot = new Snapshot(
                keys.ToFrozenDictionary(k => k.Hash, StringComparer.Ordinal), keys.ToFrozenDictionary(k => k.KeyId), loadedAt);
        }
        finally
        {
            _loading.Release();
        }
    }

    private static List<KeyIdentity> Read(DbTransaction transaction)
    {
        using var command = transaction.Query("SELECT key_id, name, scope, hash, expires_at FROM api_key WHERE revoked_at IS NULL");
        using var rows = command.ExecuteReader();
        var keys = new List<KeyIdentity>();
        while (rows.Read())
        {
            keys.Add(new KeyIdentity(
                rows.GetInt32(0), rows.GetString(1), rows.GetString(2), rows.GetString(3),
                rows.IsDBNull(4) ? null : DateTimeOffset.FromUnixTimeMilliseconds(rows.GetUnixMs(4)).UtcDateTime));
        }

        return keys;
    }

    private sealed record Snapshot(FrozenDictionary<string, KeyIdentity> ByHash, FrozenDictionary<int, KeyIdentity> ById, long LoadedAt);
}

/// <summary>A key that is good, without its secret.</summary>
internal sealed record KeyIdentity(int KeyId, string Name, string Scope, string Hash, DateTime? ExpiresAt);

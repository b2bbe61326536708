using System.Data.Common;
using System.Globalization;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security.Audit;

namespace IotAnalytics.Web.Security.Keys;

/// <summary>Makes and revokes keys, each in one transaction with its audit entry.</summary>
internal sealed class ApiKeyRegistry(DatabaseWriter writer, ApiKeyStore keys, TimeProvider time)
{
    /// <summary>Makes a key. Its text is in the answer and nowhere else.</summary>
    /// <param name="expiresAt">UTC; null for a key that does not expire.</param>
    public async Task<(string Secret, ApiKey Key)> CreateAsync(string name, string scope, DateTime? expiresAt, Actor actor, CancellationToken cancellationToken)
    {
        var secret = KeySecret.Create();
        var key = await writer.WriteAsync(
            transaction => Insert(transaction, name, scope, secret, expiresAt, time.GetUtcNow(), actor, AuditActions.ApiKeyCreated), cancellationToken);
        keys.Forget();
        return (secret, key);
    }

    /// <summary>Revokes a key. Hosts know it within 5 s, this one at once.</summary>
    public async Task<Revocation> RevokeAsync(int keyId, Actor actor, CancellationToken cancellationToken)
    {
        var result = await writer.WriteAsync(transaction => Revoke(transaction, keyId, actor), cancellationToken);
        keys.Forget();
        return result;
    }

    /// <summary>Adds a key and its audit entry.</summary>
    public static ApiKey Insert(
        DbTransaction transaction, string name, string scope, string secret, DateTime? expiresAt, DateTimeOffset now, Actor actor, string action)
    {
        var key = new ApiKey
        {
            Name = name,
            Scope = scope,
            Prefix = secret[..KeySecret.VisibleLength],
            Hash = KeySecret.Hash(secret)!,
            CreatedAt = now.UtcDateTime,
            ExpiresAt = expiresAt,
        };
        using var insert = transaction.Query(
            """
            INSERT INTO api_key (name, scope, prefix, hash, created_at, expires_at) VALUES (@name, @scope, @prefix, @hash, @now, @expires)
            RETURNING key_id
            """,
            ("@name", name), ("@scope", scope), ("@prefix", key.Prefix), ("@hash", key.Hash), ("@now", DbTime.From(now)),
            ("@expires", expiresAt is { } at ? DbTime.From(new DateTimeOffset(at, TimeSpan.Zero)) : null));
        key.KeyId = Convert.ToInt32(insert.ExecuteScalar(), CultureInfo.InvariantCulture);
        AuditLog.Append(transaction, now, actor, action, Target(key.KeyId), null, new { key.Name, key.Scope, key.Prefix, key.ExpiresAt });
        return key;
    }

    private Revocation Revoke(DbTransaction transaction, int keyId, Actor actor)
    {
        // Of two who revoke the last two administrators' keys at once, the second one sees what the first did.
        transaction.TakeTurn("revoke keys");
        var now = time.GetUtcNow();
        var administrators = new List<int>();
        (string Name, string Scope, string Prefix, bool IsRevoked)? found = null;
        using (var query = transaction.Query("SELECT key_id, name, scope, prefix, expires_at, revoked_at FROM api_key"))
        using (var rows = query.ExecuteReader())
        {
            while (rows.Read())
            {
                var isRevoked = !rows.IsDBNull(5);
                if (rows.GetInt32(0) == keyId)
                {
                    found = (rows.GetString(1), rows.GetString(2), rows.GetString(3), isRevoked);
                }

                if (!isRevoked && rows.GetString(2) == Scopes.Administrator && (rows.IsDBNull(4) || rows.GetUnixMs(4) > now.ToUnixTimeMilliseconds()))
                {
                    administrators.Add(rows.GetInt32(0));
                }
            }
        }

        if (found is not { } key)
        {
            return new Revocation(RevocationKind.Unknown, null);
        }

        if (key.IsRevoked)
        {
            return new Revocation(RevocationKind.RevokedBefore, key.Name);
        }

        if (administrators is [var last] && last == keyId)
        {
            return new Revocation(RevocationKind.LastAdministrator, key.Name);
        }

        transaction.Execute("UPDATE api_key SET revoked_at = @now WHERE key_id = @id", ("@now", DbTime.From(now)), ("@id", keyId));
        var before = new { key.Name, key.Scope, key.Prefix };
        AuditLog.Append(transaction, now, actor, AuditActions.ApiKeyRevoked, Target(keyId), before, new { key.Name, key.Scope, key.Prefix, RevokedAt = now.UtcDateTime });
        return new Revocation(RevocationKind.Revoked, key.Name);
    }

    private static string Target(int keyId) => $"api_key/{keyId}";
}

internal enum RevocationKind
{
    Revoked,
    RevokedBefore,
    Unknown,

    /// <summary>Without it nobody could make another key through the API.</summary>
    LastAdministrator,
}

/// <param name="Name">The key's name; null when there is no such key.</param>
internal readonly record struct Revocation(RevocationKind Kind, string? Name);

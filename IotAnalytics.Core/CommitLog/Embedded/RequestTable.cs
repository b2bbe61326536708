using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>Requests that may be repeated, kept for 24 hours. Each connection has its own instance; one thread at a time.</summary>
internal sealed class RequestTable : IDisposable
{
    private const int PurgeRows = 1_000;
    private static readonly TimeSpan Retention = TimeSpan.FromHours(24);
    private readonly TimeProvider _time;
    private readonly LogStatement _find;
    private readonly LogStatement _insert;
    private readonly LogStatement _delete;
    private readonly LogStatement _oldest;
    private readonly LogStatement _saveBytes;

    public RequestTable(SqliteConnection connection, TimeProvider time)
    {
        _time = time;
        _find = new LogStatement(connection, "SELECT body_sha256, answer, positions, created_at, id, byte_count FROM request WHERE key = ?1");
        _insert = new LogStatement(connection, "INSERT INTO request (key, body_sha256, answer, positions, created_at, byte_count) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        _delete = new LogStatement(connection, "DELETE FROM request WHERE id BETWEEN ?1 AND ?2");
        _oldest = new LogStatement(connection, "SELECT id, created_at, byte_count FROM request ORDER BY id LIMIT ?1");
        _saveBytes = new LogStatement(connection, "UPDATE log SET request_bytes = ?1");
    }

    public static long BytesOf(IdempotentRequest request) => request.Key.Length + request.BodySha256.Length + Encoding.UTF8.GetByteCount(request.Answer) + 64;

    public IdempotentRequest? Find(string key) => Find(key, out _, out _) is { } found && found.CreatedAt > Expiry() ? found.Request : null;

    /// <summary>Writer: remembers the request; returns by how much the table grew.</summary>
    public long Insert(IdempotentRequest request, IReadOnlyList<LogPosition> positions)
    {
        var grown = BytesOf(request);
        _insert.Bind(1, request.Key).Bind(2, request.BodySha256).Bind(3, request.Answer).Bind(4, string.Join(',', positions))
            .Bind(5, _time.GetUtcNow().ToUnixTimeMilliseconds()).Bind(6, grown);
        if (Find(request.Key, out var id, out var bytes) is not null)
        {
            // Only an expired one gets here.
            _delete.Bind(1, id).Bind(2, id).Run();
            grown -= bytes;
        }

        _insert.Run();
        return grown;
    }

    /// <summary>Writer: deletes the oldest expired requests, a bounded number at a time; returns their bytes and whether there may be more.</summary>
    public (long Bytes, bool More) Purge()
    {
        // Ids rise with time, so the expired ones lie at the front.
        var expiry = Expiry();
        var (first, last, rows, bytes) = (0L, -1L, 0, 0L);
        _oldest.Bind(1, PurgeRows);
        while (_oldest.Step())
        {
            if (_oldest.Int64(1) > expiry)
            {
                _oldest.Reset();
                break;
            }

            first = rows++ == 0 ? _oldest.Int64(0) : first;
            last = _oldest.Int64(0);
            bytes += _oldest.Int64(2);
        }

        if (rows > 0)
        {
            _delete.Bind(1, first).Bind(2, last).Run();
        }

        return (bytes, rows == PurgeRows);
    }

    /// <summary>Writer: how large the table is, kept with it.</summary>
    public void SaveBytes(long bytes) => _saveBytes.Bind(1, bytes).Run();

    public void Dispose()
    {
        _find.Dispose();
        _insert.Dispose();
        _delete.Dispose();
        _oldest.Dispose();
        _saveBytes.Dispose();
    }

    private (IdempotentRequest Request, long CreatedAt)? Find(string key, out long id, out long bytes)
    {
        (id, bytes) = (0, 0);
        if (!_find.Bind(1, key).Step())
        {
            return null;
        }

        var request = new IdempotentRequest(key, _find.Text(0), _find.Text(1), ParsePositions(_find.Text(2)));
        var createdAt = _find.Int64(3);
        (id, bytes) = (_find.Int64(4), _find.Int64(5));
        _find.Reset();
        return (request, createdAt);
    }

    private long Expiry() => (_time.GetUtcNow() - Retention).ToUnixTimeMilliseconds();

    private static LogPosition[] ParsePositions(string text) => Array.ConvertAll(
        text.Split(','),
        part =>
        {
            var dash = part.IndexOf('-');
            return new LogPosition(
                int.Parse(part.AsSpan(0, dash), CultureInfo.InvariantCulture), long.Parse(part.AsSpan(dash + 1), CultureInfo.InvariantCulture));
        });
}

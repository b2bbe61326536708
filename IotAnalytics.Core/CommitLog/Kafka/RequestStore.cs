using System.Collections.Concurrent;
using System.Globalization;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// Idempotent requests in the database, kept for 24 hours: Kafka has no place for them in the append itself. A request is remembered after its
/// records are acknowledged; when the host dies between the two, a repetition of it appends again.
/// </summary>
internal sealed class RequestStore(DatabaseReader reader, DatabaseWriter writer, TimeProvider time)
{
    private const int PurgeRows = 1_000;
    private static readonly TimeSpan Retention = TimeSpan.FromHours(24);
    private static readonly TimeSpan PurgeEvery = TimeSpan.FromMinutes(1);

    /// <summary>Requests being appended by this host; a second one with the same key waits for the first.</summary>
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private long _purgedAt;

    public Task<IdempotentRequest?> FindAsync(string key, CancellationToken cancellationToken) => reader.ReadAsync(
        transaction =>
        {
            using var command = transaction.Query(
                "SELECT body_sha256, answer, positions FROM idempotent_request WHERE request_key = @key AND created_at > @expiry",
                ("@key", key), ("@expiry", new DbTime(Expiry())));
            using var rows = command.ExecuteReader();
            return rows.Read() ? new IdempotentRequest(key, rows.GetString(0), rows.GetString(1), ParsePositions(rows.GetString(2))) : null;
        },
        cancellationToken);

    /// <summary>Appends unless an earlier request with this key did, one at a time for each key.</summary>
    public async ValueTask<AppendResult> AppendOnceAsync(
        IdempotentRequest request, Func<ValueTask<IReadOnlyList<LogPosition>>> append, CancellationToken cancellationToken)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (_running.GetOrAdd(request.Key, turn.Task) is var running && running != turn.Task)
        {
            await running.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            if (await FindAsync(request.Key, cancellationToken).ConfigureAwait(false) is { } earlier)
            {
                return new AppendResult([], earlier);
            }

            var positions = await append().ConfigureAwait(false);
            // Not cancelled: the records are in the log.
            await writer.WriteAsync(transaction => Save(transaction, request, positions), CancellationToken.None).ConfigureAwait(false);
            return new AppendResult(positions, Earlier: null);
        }
        finally
        {
            _running.TryRemove(request.Key, out _);
            turn.SetResult();
        }
    }

    private void Save(System.Data.Common.DbTransaction transaction, IdempotentRequest request, IReadOnlyList<LogPosition> positions)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (now - Interlocked.Read(ref _purgedAt) > PurgeEvery.TotalMilliseconds)
        {
            var purged = transaction.Execute(
                "DELETE FROM idempotent_request WHERE request_key IN (SELECT request_key FROM idempotent_request WHERE created_at <= @expiry ORDER BY created_at LIMIT @rows)",
                ("@expiry", new DbTime(Expiry())), ("@rows", PurgeRows));
            Interlocked.Exchange(ref _purgedAt, purged < PurgeRows ? now : 0);
        }

        transaction.Execute(
            """
            INSERT INTO idempotent_request (request_key, body_sha256, answer, positions, created_at) VALUES (@key, @sha, @answer, @positions, @now)
            ON CONFLICT (request_key) DO UPDATE SET body_sha256 = excluded.body_sha256, answer = excluded.answer, positions = excluded.positions, created_at = excluded.created_at
            """,
            ("@key", request.Key), ("@sha", request.BodySha256), ("@answer", request.Answer), ("@positions", string.Join(',', positions)), ("@now", new DbTime(now)));
    }

    private long Expiry() => (time.GetUtcNow() - Retention).ToUnixTimeMilliseconds();

    private static LogPosition[] ParsePositions(string text) => Array.ConvertAll(
        text.Split(','),
        part =>
        {
            var dash = part.IndexOf('-');
            return new LogPosition(
                int.Parse(part.AsSpan(0, dash), CultureInfo.InvariantCulture), long.Parse(part.AsSpan(dash + 1), CultureInfo.InvariantCulture));
        });
}

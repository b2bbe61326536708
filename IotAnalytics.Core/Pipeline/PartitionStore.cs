using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// The row that holds a partition's three offsets. Every sink moves its own offset by compare-and-set under the epoch of the claim,
/// as the first statement of the transaction that writes the sink's rows: position and effect commit together or not at all.
/// </summary>
internal sealed class PartitionStore(DatabaseWriter writer, TimeProvider time)
{
    private static readonly TimeSpan ClaimWait = TimeSpan.FromSeconds(5);

    /// <summary>Takes the partition: raises the epoch, which fences every older worker. <paramref name="start"/> is used only for a partition never seen.</summary>
    public Task<PartitionClaim> ClaimAsync(int sourceId, int partition, string owner, long start, CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            // An owner that was frozen inside its transaction holds the row until the database ends its session; the caller tries again.
            transaction.LimitLockWait(ClaimWait);
            using var command = transaction.Query(
                """
                INSERT INTO stream_partition AS p (source_id, partition, owner_epoch, owner, claimed_at, fast_offset, rollup_offset, lake_offset)
                VALUES (@s, @p, 1, @owner, @now, @start, @start, @start)
                ON CONFLICT (source_id, partition) DO UPDATE SET owner_epoch = p.owner_epoch + 1, owner = excluded.owner, claimed_at = excluded.claimed_at
                RETURNING owner_epoch, fast_offset, rollup_offset, lake_offset, state_object, state_sha256
                """,
                ("@s", sourceId), ("@p", partition), ("@owner", owner), ("@now", Now()), ("@start", start));
            using var reader = command.ExecuteReader();
            reader.Read();
            return new PartitionClaim(
                sourceId, partition, owner, reader.GetInt64(0),
                new PartitionOffsets(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3)),
                reader.IsDBNull(4) ? null : reader.GetString(4), reader.IsDBNull(5) ? null : reader.GetString(5));
        },
        cancellationToken);

    /// <summary>The offsets as they are now. Throws when a newer claim exists.</summary>
    public Task<PartitionOffsets> ReadOffsetsAsync(PartitionClaim claim, CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            using var command = transaction.Query(
                "SELECT fast_offset, rollup_offset, lake_offset FROM stream_partition WHERE source_id = @s AND partition = @p AND owner_epoch = @e",
                ("@s", claim.SourceId), ("@p", claim.Partition), ("@e", claim.OwnerEpoch));
            using var reader = command.ExecuteReader();
            return reader.Read()
                ? new PartitionOffsets(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2))
                : throw new FencedException(claim.Partition, claim.OwnerEpoch);
        },
        cancellationToken);

    /// <summary>Records that the log forgot: the offsets below <paramref name="logStart"/> move up, and the gap is kept.</summary>
    public Task SkipLostAsync(PartitionClaim claim, long logStart, CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            var moved = transaction.Execute(
                """
                UPDATE stream_partition SET lake_offset = @start,
                  rollup_offset = CASE WHEN rollup_offset < @start THEN @start ELSE rollup_offset END,
                  fast_offset = CASE WHEN fast_offset < @start THEN @start ELSE fast_offset END
                WHERE source_id = @s AND partition = @p AND owner_epoch = @e AND lake_offset = @lake
                """,
                ("@start", logStart), ("@s", claim.SourceId), ("@p", claim.Partition), ("@e", claim.OwnerEpoch), ("@lake", claim.Offsets.Lake));
            RequireOne(moved, claim);
            transaction.Execute(
                "INSERT INTO lost_range (source_id, partition, first_offset, next_offset, seen_at) VALUES (@s, @p, @first, @next, @now) ON CONFLICT DO NOTHING",
                ("@s", claim.SourceId), ("@p", claim.Partition), ("@first", claim.Offsets.Lake), ("@next", logStart), ("@now", Now()));
        },
        cancellationToken);

    /// <summary>T1 and T1': moves one of the two database sinks from <paramref name="first"/> to <paramref name="next"/>.</summary>
    public static void Advance(DbTransaction transaction, PartitionClaim claim, DatabaseSink sink, long first, long next)
    {
        var sql = sink == DatabaseSink.Fast
            ? "UPDATE stream_partition SET fast_offset = @next WHERE source_id = @s AND partition = @p AND owner_epoch = @e AND fast_offset = @first"
            : "UPDATE stream_partition SET rollup_offset = @next WHERE source_id = @s AND partition = @p AND owner_epoch = @e AND rollup_offset = @first AND fast_offset >= @next";
        RequireOne(transaction.Execute(
            sql, ("@next", next), ("@s", claim.SourceId), ("@p", claim.Partition), ("@e", claim.OwnerEpoch), ("@first", first)), claim);
    }

    /// <summary>T2: moves the lake's offset together with the saved state of that offset.</summary>
    public static void AdvanceLake(DbTransaction transaction, PartitionClaim claim, long first, long next, string stateObject, string stateSha256) =>
        RequireOne(
            transaction.Execute(
                """
                UPDATE stream_partition SET lake_offset = @next, state_object = @key, state_sha256 = @sha
                WHERE source_id = @s AND partition = @p AND owner_epoch = @e AND lake_offset = @first AND rollup_offset >= @next
                """,
                ("@next", next), ("@key", stateObject), ("@sha", stateSha256),
                ("@s", claim.SourceId), ("@p", claim.Partition), ("@e", claim.OwnerEpoch), ("@first", first)),
            claim);

    private static void RequireOne(int rows, PartitionClaim claim)
    {
        if (rows != 1)
        {
            throw new FencedException(claim.Partition, claim.OwnerEpoch);
        }
    }

    private DbTime Now() => DbTime.From(time.GetUtcNow());
}

/// <summary>The sinks that write to the database.</summary>
internal enum DatabaseSink
{
    /// <summary>Anomalies, dead letters, totals.</summary>
    Fast,
    /// <summary>Per-sensor minutes.</summary>
    Rollup,
}

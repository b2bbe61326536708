using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Claims a partition and squares its offsets with what the log still has.</summary>
internal static class PartitionClaimer
{
    /// <param name="lost">Told of a range that the log forgot: partition, first, next.</param>
    /// <exception cref="Lake.Delta.LakeAheadException">The database is older than the lake.</exception>
    /// <exception cref="CommitLogException">The log ends below what the database has read: it is another log, or an old copy.</exception>
    public static async Task<PartitionClaim> ClaimAsync(
        PipelineDependencies d, int sourceId, int partition, Action<int, long, long> lost, CancellationToken cancellationToken)
    {
        await d.Publisher.VerifyVersionsAsync(cancellationToken).ConfigureAwait(false);
        var bounds = await d.Log.GetBoundsAsync(partition, cancellationToken).ConfigureAwait(false);
        var first = await d.Log.GetFirstOffsetAsync(partition, cancellationToken).ConfigureAwait(false);
        var claim = await d.Partitions.ClaimAsync(sourceId, partition, d.Owner.Name, first, cancellationToken).ConfigureAwait(false);
        if (bounds.HighWatermark < claim.Offsets.Fast)
        {
            // The owner before this one may have read on between the two questions.
            bounds = await d.Log.GetBoundsAsync(partition, cancellationToken).ConfigureAwait(false);
        }

        if (bounds.HighWatermark < claim.Offsets.Fast)
        {
            throw new CommitLogException(
                $"Partition {partition}: the log ends at {bounds.HighWatermark} but the database has read up to {claim.Offsets.Fast}. "
                + "The log was replaced or restored from an older copy; restore the matching one, or set CommitLog:OnSourceReset to StartNewSource.");
        }

        if (bounds.Start > claim.Offsets.Lake)
        {
            await d.Partitions.SkipLostAsync(claim, bounds.Start, cancellationToken).ConfigureAwait(false);
            lost(partition, claim.Offsets.Lake, bounds.Start);
            claim = claim with { Offsets = await d.Partitions.ReadOffsetsAsync(claim, cancellationToken).ConfigureAwait(false) };
        }

        return claim;
    }

    /// <summary>Records of [lake, fast) that were found to be poison before.</summary>
    public static Task<List<long>> ReadPoisonAsync(DatabaseWriter writer, PartitionClaim claim, CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            using var command = transaction.Query(
                "SELECT record_offset FROM dead_letter WHERE source_id = @s AND partition = @p AND record_offset >= @lake AND reason = @reason",
                ("@s", claim.SourceId), ("@p", claim.Partition), ("@lake", claim.Offsets.Lake), ("@reason", DeadLetterReasons.Poison));
            using var reader = command.ExecuteReader();
            var offsets = new List<long>();
            while (reader.Read())
            {
                offsets.Add(reader.GetInt64(0));
            }

            return offsets;
        },
        cancellationToken);
}

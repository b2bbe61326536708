using System.Globalization;
using System.Text;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>
/// Writes a checkpoint when one is due. The checkpoint is put, read back and compared with the log before <c>_last_checkpoint</c>
/// names it, and taken away when it is bad: readers would refuse the table. A failure to write one costs readers time, nothing else.
/// </summary>
internal sealed class DeltaCheckpointer(
    ILakeStore store, DatabaseReader reader, DatabaseWriter writer, IOptions<LakeOptions> options, TimeProvider time, ILogger<DeltaCheckpointer> logger)
{
    /// <summary>Commits are kept this long, also below a checkpoint, for readers that look at old versions.</summary>
    private static readonly TimeSpan CommitRetention = TimeSpan.FromDays(30);

    private readonly DeltaLog _log = new(store);

    public async Task MaybeCheckpointAsync(LakeTable table, CancellationToken cancellationToken)
    {
        var due = await reader.ReadAsync(transaction => DeltaTableSql.CheckpointDue(transaction, table.Name, options.Value.CheckpointEvery), cancellationToken).ConfigureAwait(false);
        if (due is { } version)
        {
            await CheckpointAsync(table, version, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes a checkpoint of a version.</summary>
    /// <exception cref="InvalidDataException">What was read back is not what was written; <c>_last_checkpoint</c> was left alone.</exception>
    public async Task CheckpointAsync(LakeTable table, long version, CancellationToken cancellationToken)
    {
        var snapshot = await _log.LoadAsync(table, cancellationToken, version).ConfigureAwait(false);
        if (snapshot.Version != version)
        {
            throw new InvalidDataException($"{table.Name} cannot be read up to version {version}: its log ends at {snapshot.Version}.");
        }

        var forgetBefore = (time.GetUtcNow() - CommitRetention - options.Value.VacuumAfter).ToUnixTimeMilliseconds();
        foreach (var remove in snapshot.Removes.Values.Where(r => r.DeletionTimestamp < forgetBefore).ToList())
        {
            snapshot.Removes.Remove(remove.Path);
        }

        var (content, actions) = await DeltaCheckpoint.WriteAsync(snapshot, cancellationToken).ConfigureAwait(false);
        RequireSame(snapshot, await DeltaCheckpoint.ReadAsync(new MemoryStream(content, writable: false), version, cancellationToken).ConfigureAwait(false), table);
        await store.PutAsync(DeltaLogKeys.Checkpoint(table, version), content, cancellationToken).ConfigureAwait(false);
        try
        {
            RequireSame(snapshot, await DeltaCheckpoint.ReadAsync(store, table, version, cancellationToken).ConfigureAwait(false), table);
        }
        catch (InvalidDataException)
        {
            // Some readers find checkpoints by listing the log: a bad one must not stay.
            await store.DeleteAsync(DeltaLogKeys.Checkpoint(table, version), cancellationToken).ConfigureAwait(false);
            throw;
        }

        var pointer = string.Create(CultureInfo.InvariantCulture, $"{{\"version\":{version},\"size\":{actions}}}");
        await store.PutAsync(DeltaLogKeys.LastCheckpoint(table), Encoding.UTF8.GetBytes(pointer), cancellationToken).ConfigureAwait(false);
        await writer.WriteAsync(transaction => DeltaTableSql.SetCheckpoint(transaction, table.Name, version), cancellationToken).ConfigureAwait(false);
        Log.Checkpointed(logger, table.Name, version, actions);
    }

    /// <summary>Deletes commits and checkpoints that lie below the last checkpoint and are older than 30 days.</summary>
    /// <returns>Objects deleted.</returns>
    public async Task<int> TrimAsync(LakeTable table, CancellationToken cancellationToken)
    {
        if (await _log.LastCheckpointAsync(table, cancellationToken).ConfigureAwait(false) is not { } checkpoint)
        {
            return 0;
        }

        // Proves the checkpoint once more: what it replaces is about to go.
        await DeltaCheckpoint.ReadAsync(store, table, checkpoint, cancellationToken).ConfigureAwait(false);
        var (deleted, before, bound) = (0, time.GetUtcNow() - CommitRetention, DeltaLogKeys.Commit(table, checkpoint));
        await foreach (var entry in store.ListAsync(table.LogPrefix, cancellationToken).ConfigureAwait(false))
        {
            if (char.IsAsciiDigit(entry.Key[table.LogPrefix.Length]) && string.CompareOrdinal(entry.Key, 0, bound, 0, table.LogPrefix.Length + 20) < 0 && entry.LastModified < before)
            {
                await store.DeleteAsync(entry.Key, cancellationToken).ConfigureAwait(false);
                deleted++;
            }
        }

        return deleted;
    }

    private static void RequireSame(DeltaSnapshot written, DeltaSnapshot read, LakeTable table)
    {
        static IEnumerable<string> Lines(DeltaSnapshot s) =>
        [
            $"{s.Protocol}", $"{s.MetaData}",
            .. s.Transactions.Values.Select(t => $"{t}").Order(StringComparer.Ordinal),
            .. s.Adds.Values.Select(a => $"{a with { DataChange = false }}").Order(StringComparer.Ordinal),
            .. s.Removes.Values.Select(r => $"{r with { DataChange = false }}").Order(StringComparer.Ordinal),
        ];
        if (!Lines(written).SequenceEqual(Lines(read), StringComparer.Ordinal))
        {
            throw new InvalidDataException($"The checkpoint of {table.Name} at version {written.Version} does not read back as written.");
        }
    }
}

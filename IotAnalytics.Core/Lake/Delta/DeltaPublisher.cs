using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Text;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>
/// T3: turns committed files into versions of the Delta tables. A body is frozen in the database before it is put, so that whoever
/// puts it after a crash writes the same bytes; version v + 1 is never allocated before v is published. Safe to call from several
/// places and processes.
/// </summary>
internal sealed class DeltaPublisher(
    ILakeStore store,
    DatabaseReader reader,
    DatabaseWriter writer,
    DeltaCheckpointer checkpointer,
    ProfileCatalog catalog,
    IOptions<LakeOptions> options,
    TimeProvider time,
    ILogger<DeltaPublisher> logger)
{
    private const int MaxAttempts = 10;

    private readonly LakeTables _tables = new(options.Value);
    private readonly DeltaLog _log = new(store);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _looking = new(1, 1);
    private readonly Lock _lookLock = new();
    private Task? _nextLook;
    private readonly Dictionary<string, DeltaTableState> _states = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _stopped = new(StringComparer.Ordinal);

    /// <summary>Tables that are published no more, and why: their log is not the one that this database wrote. Cleared by a restart only.</summary>
    public IReadOnlyDictionary<string, string> Stopped => _stopped;

    /// <summary>Publishes what was committed when it began. Gold first, then silver, then bronze, all up to the same offsets, so that
    /// bronze's <c>txn</c> is true of all three.</summary>
    /// <returns>Versions published.</returns>
    /// <exception cref="IOException">The store failed; call again.</exception>
    public async Task<int> PublishAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var started = Stopwatch.GetTimestamp();
            using var span = IotTracing.Source.StartActivity("publish");
            var bounds = await reader.ReadAsync(DeltaTableSql.LakeOffsets, cancellationToken).ConfigureAwait(false);
            var versions = 0;
            foreach (var table in _tables.InPublicationOrder)
            {
                while (!_stopped.ContainsKey(table.Name) && await PublishNext_NeedsTurnAsync(table, bounds, cancellationToken).ConfigureAwait(false))
                {
                    versions++;
                }
            }

            foreach (var table in _tables.InPublicationOrder)
            {
                await checkpointer.MaybeCheckpointAsync(table, cancellationToken).ConfigureAwait(false);
            }

            if (versions > 0)
            {
                LakeMeter.RecordPublish(versions, Stopwatch.GetElapsedTime(started));
            }

            return versions;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Replaces files by others in one version. The new objects must be in the store already.</summary>
    /// <exception cref="LakeConflictException">A file to be removed is not live; nothing was committed. After any other exception the
    /// version may be committed all the same: leave the new objects alone, the orphan sweep looks after them.</exception>
    public async Task<long> RewriteAsync(
        LakeTable table, IReadOnlyList<string> removeKeys, IReadOnlyList<LakeFile> add, bool dataChange, string operation, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                ThrowIfStopped(table);
                var (pending, isOurs) = await writer.WriteAsync(
                    transaction => DeltaTableSql.Pending(transaction, table.Name) is { } earlier
                        ? (earlier, false)
                        : (FreezeRewrite(transaction, table, removeKeys, add, dataChange, operation), true),
                    cancellationToken).ConfigureAwait(false);
                await Put_NeedsTurnAsync(table, pending, cancellationToken).ConfigureAwait(false);
                ThrowIfStopped(table);
                if (isOurs)
                {
                    return pending.Version;
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Makes sure that the lake is not ahead of the database. Called at start.</summary>
    /// <exception cref="LakeAheadException">It is.</exception>
    public async Task VerifyNotAheadAsync(CancellationToken cancellationToken)
    {
        var states = await Task.WhenAll(_tables.InPublicationOrder.Select(table => VerifyNotAheadAsync(table, cancellationToken))).ConfigureAwait(false);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var (table, state) in _tables.InPublicationOrder.Zip(states))
        {
            // The first publication need not read the log again.
            _states.TryAdd(table.Name, state);
        }

        _turn.Release();
    }

    private async Task<DeltaTableState> VerifyNotAheadAsync(LakeTable table, CancellationToken cancellationToken)
    {
        // The lake first: the database only grows, and always before it, so a host that publishes meanwhile is no sign of anything.
        var snapshot = await _log.LoadAsync(table, cancellationToken).ConfigureAwait(false);
        var (version, offsets) = await reader.ReadAsync(
            t => (DeltaTableSql.Versions(t).GetValueOrDefault(table.Name, -1), DeltaTableSql.LakeOffsets(t)), cancellationToken).ConfigureAwait(false);
        if (snapshot.Version > version)
        {
            throw Ahead(table, version);
        }

        foreach (var transaction in snapshot.Transactions.Values)
        {
            if (DeltaTransaction.Parse(transaction.AppId) is { } key && transaction.Version > offsets.GetValueOrDefault(key, -1))
            {
                throw new LakeAheadException(
                    $"The lake is ahead of the database: {table.Name} holds source {key.SourceId}, partition {key.Partition} up to offset {transaction.Version}, "
                    + $"the database up to {(offsets.TryGetValue(key, out var known) ? known : "nothing")}. Nothing was changed; run `lake reconcile`.");
            }
        }

        return StateOf(snapshot);
    }

    private static DeltaTableState StateOf(DeltaSnapshot snapshot) => new(snapshot.Version, snapshot.Measurements, snapshot.MetaData?.CreatedTime ?? 0);

    /// <summary>The same by one look at each table, for every claim: a database that was restored under a running host knows less than was published.
    /// Claims that come together share a look, which begins after all of them have asked.</summary>
    /// <exception cref="LakeAheadException">It does.</exception>
    public Task VerifyVersionsAsync(CancellationToken cancellationToken)
    {
        lock (_lookLock)
        {
            return (_nextLook ??= LookAsync()).WaitAsync(cancellationToken);
        }
    }

    private async Task LookAsync()
    {
        await Task.Yield();
        await _looking.WaitAsync().ConfigureAwait(false);
        try
        {
            lock (_lookLock)
            {
                _nextLook = null;
            }

            await LookAtVersionsAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task LookAtVersionsAsync(CancellationToken cancellationToken)
    {
        var versions = await reader.ReadAsync(DeltaTableSql.Versions, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(_tables.InPublicationOrder.Select(
            table => LookAtVersionAsync(table, versions.GetValueOrDefault(table.Name, -1), cancellationToken))).ConfigureAwait(false);
    }

    private async Task LookAtVersionAsync(LakeTable table, long version, CancellationToken cancellationToken)
    {
        if (await store.GetLengthAsync(DeltaLogKeys.Commit(table, version + 1), cancellationToken).ConfigureAwait(false) is null)
        {
            return;
        }

        // Another host may have published it since the question.
        var now = (await reader.ReadAsync(DeltaTableSql.Versions, cancellationToken).ConfigureAwait(false)).GetValueOrDefault(table.Name, -1);
        if (now <= version)
        {
            throw Ahead(table, version);
        }
    }

    private static LakeAheadException Ahead(LakeTable table, long version) => new(
        $"The lake is ahead of the database: {DeltaLogKeys.Commit(table, version + 1)} exists, but the database knows {table.Name} up to version {version} only. "
        + "The database was restored from a backup or belongs to another lake. Nothing was changed; run `lake reconcile`.");

    private async Task<bool> PublishNext_NeedsTurnAsync(
        LakeTable table, IReadOnlyDictionary<(int SourceId, int Partition), long> bounds, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var (pending, isStale) = await Freeze_NeedsTurnAsync(table, bounds, cancellationToken).ConfigureAwait(false);
            if (isStale)
            {
                // Another process published; look again.
                _states.Remove(table.Name);
                continue;
            }

            if (pending is null)
            {
                return false;
            }

            FailPoint.Hit("t3-after-commit");
            await Put_NeedsTurnAsync(table, pending, cancellationToken).ConfigureAwait(false);
            return !_stopped.ContainsKey(table.Name);
        }

        Stop(table, DeltaLogKeys.Commit(table, (await State_NeedsTurnAsync(table, cancellationToken).ConfigureAwait(false)).Version + 1), "is missing although the database published it");
        return false;
    }

    private async Task<(DeltaPending? Pending, bool IsStale)> Freeze_NeedsTurnAsync(
        LakeTable table, IReadOnlyDictionary<(int SourceId, int Partition), long> bounds, CancellationToken cancellationToken)
    {
        var state = await State_NeedsTurnAsync(table, cancellationToken).ConfigureAwait(false);
        var newId = Guid.NewGuid().ToString();
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        FailPoint.Hit("t3-before-commit");
        return await writer.WriteAsync(
            transaction =>
            {
                var (deltaId, version) = DeltaTableSql.Ensure(transaction, table.Name, newId);
                if (DeltaTableSql.Pending(transaction, table.Name) is { } earlier)
                {
                    return ((DeltaPending?)earlier, false);
                }

                return version != state.Version ? (null, true) : (FreezeAppend(transaction, table, state, deltaId, bounds, now), false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private DeltaPending? FreezeAppend(
        DbTransaction transaction, LakeTable table, DeltaTableState state, string deltaId,
        IReadOnlyDictionary<(int SourceId, int Partition), long> bounds, long now)
    {
        var waiting = DeltaTableSql.Waiting(transaction, table.Name, DeltaCommitBuilder.MaxFiles + 1);
        var taken = DeltaCommitBuilder.TakeCuts(waiting, bounds, isAll: waiting.Count <= DeltaCommitBuilder.MaxFiles);
        var builder = new DeltaCommitBuilder(table, [.. catalog.Measurements.Select(m => m.Name)]);
        if (builder.Append(state, deltaId, taken, waiting, bounds, now) is not { } append)
        {
            return null;
        }

        var version = state.Version + 1;
        DeltaTableSql.SetAdded(transaction, taken.Select(f => f.Key), version);
        DeltaTableSql.Commit(transaction, table.Name, version, append.Body);
        return new DeltaPending(version, append.Body);
    }

    private DeltaPending FreezeRewrite(
        DbTransaction transaction, LakeTable table, IReadOnlyList<string> removeKeys, IReadOnlyList<LakeFile> add, bool dataChange, string operation)
    {
        var now = time.GetUtcNow();
        var (_, current) = DeltaTableSql.Ensure(transaction, table.Name, Guid.NewGuid().ToString());
        var version = current + 1;
        var removed = new List<(string Key, long Bytes, string Date)>(removeKeys.Count);
        foreach (var key in removeKeys)
        {
            var (bytes, date) = DeltaTableSql.Live(transaction, key)
                ?? throw new LakeConflictException($"{key} is no longer live; the rewrite is abandoned.");
            removed.Add((key, bytes, date));
            DeltaTableSql.SetRemoved(transaction, key, version, now);
        }

        foreach (var file in add)
        {
            file.AddedVersion = version;
            LakeFileSql.Insert(transaction, file);
        }

        var body = new DeltaCommitBuilder(table, []).Rewrite(removed, add, dataChange, operation, now.ToUnixTimeMilliseconds());
        DeltaTableSql.Commit(transaction, table.Name, version, body);
        return new DeltaPending(version, body);
    }

    private async Task Put_NeedsTurnAsync(LakeTable table, DeltaPending pending, CancellationToken cancellationToken)
    {
        var key = DeltaLogKeys.Commit(table, pending.Version);
        if (!await store.TryCreateAsync(key, Encoding.UTF8.GetBytes(pending.Body), cancellationToken).ConfigureAwait(false))
        {
            Stop(table, key, "exists and is not what this database committed: somebody else writes to this table");
            return;
        }

        FailPoint.Hit("t3-after-put");
        var now = time.GetUtcNow();
        await writer.WriteAsync(transaction => DeltaTableSql.SetPublished(transaction, table.Name, pending.Version, now), cancellationToken).ConfigureAwait(false);
        _states.Remove(table.Name, out var state);
        if (state is not null && state.Version == pending.Version - 1)
        {
            var next = new DeltaSnapshot();
            next.Apply(pending.Version, pending.Body);
            _states[table.Name] = next.MetaData is { } metaData
                ? new DeltaTableState(pending.Version, next.Measurements, metaData.CreatedTime)
                : state with { Version = pending.Version };
        }

        Log.Published(logger, table.Name, pending.Version);
    }

    private async Task<DeltaTableState> State_NeedsTurnAsync(LakeTable table, CancellationToken cancellationToken)
    {
        if (!_states.TryGetValue(table.Name, out var state))
        {
            var snapshot = await _log.LoadAsync(table, cancellationToken).ConfigureAwait(false);
            state = _states[table.Name] = StateOf(snapshot);
        }

        return state;
    }

    private void Stop(LakeTable table, string key, string reason)
    {
        _stopped[table.Name] = $"{key} {reason}. The table is published no more.";
        Log.PublishingStopped(logger, table.Name, key, reason);
    }

    private void ThrowIfStopped(LakeTable table)
    {
        if (_stopped.TryGetValue(table.Name, out var reason))
        {
            throw new InvalidDataException(reason);
        }
    }
}

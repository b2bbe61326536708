using Microsoft.Data.Sqlite;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>
/// Deletes what is no longer needed, on the writer's thread and inside its transactions, two megabytes at a time so that no append waits long:
/// trimmed records, expired requests, and, when nothing else is to do, pages that stay free.
/// </summary>
internal sealed class LogTrimmer : IDisposable
{
    private const long ChunkBytes = 2 << 20;
    private const int ChunkRecords = 4_096;
    private const int VacuumPages = 256;

    /// <summary>Free pages are used again; the file shrinks only when more than this, and more than the records need, lies idle.</summary>
    private const long KeepFreeBytes = 256 << 20;

    private static readonly TimeSpan PurgeEvery = TimeSpan.FromMinutes(1);

    private readonly RequestTable _requests;
    private readonly TimeProvider _time;
    private readonly LogStatement _select;
    private readonly LogStatement _delete;
    private readonly LogStatement _freePages;
    private readonly LogStatement _vacuum;
    private readonly long _pageSize;
    private bool _mayShrink = true;
    private bool _moreToPurge;
    private DateTimeOffset _nextPurge = DateTimeOffset.MinValue;
    private long _pendingDeleted;

    public LogTrimmer(SqliteConnection connection, RequestTable requests, TimeProvider time)
    {
        _requests = requests;
        _time = time;
        _select = new LogStatement(connection, "SELECT id, length(value) FROM record WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3");
        _delete = new LogStatement(connection, "DELETE FROM record WHERE id >= ?1 AND id < ?2");
        _freePages = new LogStatement(connection, "PRAGMA freelist_count");
        _vacuum = new LogStatement(connection, $"PRAGMA incremental_vacuum({VacuumPages})");
        _pageSize = LogFile.Scalar(connection, "PRAGMA page_size");
    }

    /// <summary>There is something to do even when no append comes.</summary>
    public bool HasWork(PartitionState[] partitions)
    {
        foreach (var partition in partitions)
        {
            if (partition.HasGarbage)
            {
                return true;
            }
        }

        return _moreToPurge || _mayShrink;
    }

    /// <summary>One small step of each kind, within the caller's transaction.</summary>
    public void Step(PartitionState[] partitions, ref long requestBytes, bool isIdle)
    {
        var deleted = DeleteChunk(partitions);
        var now = _time.GetUtcNow();
        if (_moreToPurge || now >= _nextPurge)
        {
            (var purged, _moreToPurge) = _requests.Purge();
            requestBytes -= purged;
            _nextPurge = now + PurgeEvery;
        }

        if (isIdle && !deleted)
        {
            Shrink(partitions);
        }
    }

    /// <summary>Deletes one chunk of trimmed records of the first partition that has some. False: none has.</summary>
    public bool DeleteChunk(PartitionState[] partitions)
    {
        foreach (var partition in partitions)
        {
            var start = partition.Start;
            if (partition.PendingDeletedBelow >= start)
            {
                continue;
            }

            var first = LogFile.RowId(partition.Index, partition.PendingDeletedBelow);
            var (next, rows, bytes) = (first, 0L, 0L);
            _select.Bind(1, first).Bind(2, LogFile.RowId(partition.Index, start)).Bind(3, ChunkRecords);
            while (bytes < ChunkBytes && _select.Step())
            {
                next = _select.Int64(0) + 1;
                bytes += _select.Int64(1);
                rows++;
            }

            _select.Reset();
            _delete.Bind(1, first).Bind(2, next).Run();
            partition.PendingDeletedBelow = LogFile.OffsetOf(next);
            partition.PendingByteCount -= bytes;
            _pendingDeleted += rows;
            _mayShrink = true;
            return true;
        }

        return false;
    }

    /// <summary>The transaction is durable.</summary>
    public void Committed()
    {
        CommitLogMeters.TrimmedRecords.Add(_pendingDeleted);
        _pendingDeleted = 0;
    }

    public void RolledBack() => _pendingDeleted = 0;

    public void Dispose()
    {
        _vacuum.Dispose();
        _freePages.Dispose();
        _delete.Dispose();
        _select.Dispose();
    }

    private void Shrink(PartitionState[] partitions)
    {
        var live = 0L;
        foreach (var partition in partitions)
        {
            live += partition.PendingByteCount;
        }

        _freePages.Step();
        var free = _freePages.Int64(0) * _pageSize;
        _freePages.Reset();
        _mayShrink = free > Math.Max(KeepFreeBytes, live);
        if (_mayShrink)
        {
            _vacuum.Run();
        }
    }
}

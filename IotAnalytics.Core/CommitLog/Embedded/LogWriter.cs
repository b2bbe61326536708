using System.Diagnostics;
using IotAnalytics.Core.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>
/// The one thread that writes <c>log.db</c>. Group commit: while one group is being fsynced the next one queues up, so a commit never waits for
/// appends that are not there. Deleting trimmed records rides along in small steps.
/// </summary>
internal sealed class LogWriter : IDisposable
{
    /// <summary>A group closes here: about 2 ms of fsync on an SSD.</summary>
    private const long MaxGroupBytes = 4 << 20;

    /// <summary>A partition's row is brought up to date at least this often, which bounds what opening has to add up.</summary>
    private const long SaveEveryRecords = 4_096;

    private static readonly TimeSpan MaintenanceRetry = TimeSpan.FromSeconds(1);

    private readonly AppendQueue _queue;
    private readonly PartitionState[] _partitions;
    private readonly EmbeddedLogOptions _options;
    private readonly ILogger _logger;
    private readonly SqliteConnection _connection;
    private readonly LogCheckpointer _checkpointer;
    private readonly RequestTable _requests;
    private readonly LogTrimmer _trimmer;
    private readonly LogStatement _begin;
    private readonly LogStatement _commit;
    private readonly LogStatement _rollback;
    private readonly LogStatement _insert;
    private readonly LogStatement _savePartition;
    private readonly List<AppendRequest> _group = [];
    private readonly Thread _thread;
    private long _requestBytes;
    private long _pendingRequestBytes;
    private long _maintenanceNotBefore;
    private long _refused;

    public LogWriter(
        SqliteConnection connection, AppendQueue queue, LogState state, LogCheckpointer checkpointer, EmbeddedLogOptions options, TimeProvider time, ILogger logger)
    {
        _connection = connection;
        _queue = queue;
        _partitions = state.Partitions;
        _checkpointer = checkpointer;
        _options = options;
        _logger = logger;
        _requestBytes = _pendingRequestBytes = state.RequestBytes;
        _requests = new RequestTable(connection, time);
        _trimmer = new LogTrimmer(connection, _requests, time);
        _begin = new LogStatement(connection, "BEGIN IMMEDIATE");
        _commit = new LogStatement(connection, "COMMIT");
        _rollback = new LogStatement(connection, "ROLLBACK");
        _insert = new LogStatement(connection, "INSERT INTO record (id, record_time, value) VALUES (?1, ?2, ?3)");
        _savePartition = new LogStatement(connection, "UPDATE partition SET start_offset = ?2, next_offset = ?3, byte_count = ?4 WHERE partition = ?1");
        _thread = new Thread(Run) { IsBackground = true, Name = "commit log writer" };
    }

    public void Start() => _thread.Start();

    /// <summary>Waits until everything queued is served; the queue must have been closed.</summary>
    public void Join() => _thread.Join();

    public void Dispose()
    {
        _savePartition.Dispose();
        _insert.Dispose();
        _rollback.Dispose();
        _commit.Dispose();
        _begin.Dispose();
        _trimmer.Dispose();
        _requests.Dispose();
        _connection.Dispose();
    }

    private void Run()
    {
        try
        {
            while (_queue.Wait(UntilMaintenance()))
            {
                CommitGroup(isLast: false);
            }

            CommitGroup(isLast: true);
        }
        catch (Exception e)
        {
            // Not understood: nothing may be appended any more, and every caller hears it.
            Log.WriterStopped(_logger, e);
            _queue.Close("The commit log's writer stopped: " + e.Message);
            while (_queue.TryTake(out var request))
            {
                _group.Add(request);
            }

            FailGroup(new LogUnavailableException("The commit log's writer stopped: " + e.Message, e));
        }
    }

    private void CommitGroup(bool isLast)
    {
        var started = Stopwatch.GetTimestamp();
        var records = 0L;
        var bytes = 0L;
        try
        {
            _begin.Run();
            while (bytes < MaxGroupBytes && (records == 0 || Stopwatch.GetElapsedTime(started) < _options.GroupCommitDelay) && _queue.TryTake(out var request))
            {
                _group.Add(request);
                if (Apply(request))
                {
                    records += request.Records.Count;
                    bytes += request.ByteCount;
                }
            }

            if (MaintenanceIsDue())
            {
                _trimmer.Step(_partitions, ref _pendingRequestBytes, isIdle: records == 0);
            }

            SavePartitions(isLast);
            FailPoint.Hit("log-before-commit");
            _commit.Run();
            FailPoint.Hit("log-after-commit");
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            Rollback();
            ReportFailure(e, isMaintenance: _group.Count == 0);
            FailGroup(Translate(e));
            return;
        }

        Publish(records, bytes, Stopwatch.GetElapsedTime(started));
        _checkpointer.Committed(_connection);
    }

    /// <summary>Inserts the request's records, or decides its other outcome. False: nothing was inserted.</summary>
    private bool Apply(AppendRequest request)
    {
        if (request.Idempotent is { } idempotent && _requests.Find(idempotent.Key) is { } earlier)
        {
            request.Outcome = new AppendResult([], earlier);
            return false;
        }

        var needed = request.ByteCount;
        if (!HasRoom(needed) && !MakeRoom(needed))
        {
            CommitLogMeters.Refused.Add(1, new KeyValuePair<string, object?>("reason", "full"));
            request.Refusal = new LogFullException(_options.MaxBytes);
            return false;
        }

        var positions = new LogPosition[request.Records.Count];
        for (var i = 0; i < positions.Length; i++)
        {
            var record = request.Records[i];
            var partition = _partitions[record.Partition];
            var offset = partition.PendingNext;
            _insert.Bind(1, LogFile.RowId(record.Partition, offset)).Bind(2, record.RecordTimeMs).Bind(3, record.Value.Span).Run();
            partition.PendingNext = offset + 1;
            partition.PendingByteCount += record.Value.Length;
            positions[i] = new LogPosition(record.Partition, offset);
        }

        if (request.Idempotent is not null)
        {
            _pendingRequestBytes += _requests.Insert(request.Idempotent, positions);
        }

        request.Outcome = new AppendResult(positions, null);
        return true;
    }

    private bool HasRoom(long bytes)
    {
        var used = _pendingRequestBytes;
        foreach (var partition in _partitions)
        {
            used += partition.PendingByteCount;
        }

        return used + bytes <= _options.MaxBytes;
    }

    /// <summary>Trimmed records that are still in the file must not refuse an append.</summary>
    private bool MakeRoom(long bytes)
    {
        while (_trimmer.DeleteChunk(_partitions))
        {
            if (HasRoom(bytes))
            {
                return true;
            }
        }

        return false;
    }

    private void SavePartitions(bool isLast)
    {
        foreach (var partition in _partitions)
        {
            if (partition.PendingDeletedBelow != partition.DeletedBelow
                || partition.PendingNext - partition.SavedNext >= SaveEveryRecords
                || (isLast && partition.PendingNext != partition.SavedNext))
            {
                // The start is saved as far as the trim got: a row below it is never missing, a row from it on is never gone.
                _savePartition.Bind(1, partition.Index).Bind(2, partition.Start).Bind(3, partition.PendingNext).Bind(4, partition.PendingByteCount).Run();
                partition.PendingSavedNext = partition.PendingNext;
            }
        }

        if (_pendingRequestBytes != _requestBytes)
        {
            _requests.SaveBytes(_pendingRequestBytes);
        }
    }

    private void Publish(long records, long bytes, TimeSpan elapsed)
    {
        foreach (var partition in _partitions)
        {
            partition.Publish();
        }

        _requestBytes = _pendingRequestBytes;
        _trimmer.Committed();
        if (_group.Count == 0)
        {
            return;
        }

        foreach (var request in _group)
        {
            request.Complete();
        }

        CommitLogMeters.GroupAppends.Record(_group.Count);
        CommitLogMeters.CommitSeconds.Record(elapsed.TotalSeconds);
        CommitLogMeters.Records.Add(records);
        CommitLogMeters.Bytes.Add(bytes);
        _group.Clear();
        if (records > 0 && _refused > 0)
        {
            Log.AppendsResumed(_logger, _refused);
            _refused = 0;
        }
    }

    private void Rollback()
    {
        // A full disk may have ended the transaction already.
        if (raw.sqlite3_get_autocommit(_connection.Handle!) == 0)
        {
            _rollback.Run();
        }

        foreach (var partition in _partitions)
        {
            partition.Revert();
        }

        _pendingRequestBytes = _requestBytes;
        _trimmer.RolledBack();

        // Whichever part failed, the next group goes without maintenance, so that a damaged page among the old records cannot stop appends.
        _maintenanceNotBefore = Stopwatch.GetTimestamp() + (long)(MaintenanceRetry.TotalSeconds * Stopwatch.Frequency);
    }

    private void ReportFailure(Exception e, bool isMaintenance)
    {
        var text = e is SqliteException sqlite ? LogFile.Describe(sqlite) : e.Message;
        if (isMaintenance)
        {
            Log.MaintenanceFailed(_logger, "Trimming", text);
            return;
        }

        if (_refused == 0)
        {
            Log.AppendsFailing(_logger, text);
        }

        _refused += _group.Count;
        CommitLogMeters.Refused.Add(_group.Count, new KeyValuePair<string, object?>("reason", "unavailable"));
    }

    private void FailGroup(CommitLogException exception)
    {
        foreach (var request in _group)
        {
            request.TrySetException(exception);
        }

        _group.Clear();
    }

    private static CommitLogException Translate(Exception e) => e is SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB } damaged
        ? new CommitLogException("The commit log cannot be written: " + LogFile.Describe(damaged) + ".", damaged)
        : new LogUnavailableException("The commit log cannot be written now: " + (e is SqliteException sqlite ? LogFile.Describe(sqlite) : e.Message) + ".", e);

    private bool MaintenanceIsDue() => Stopwatch.GetTimestamp() >= _maintenanceNotBefore;

    private TimeSpan UntilMaintenance()
    {
        if (!_trimmer.HasWork(_partitions))
        {
            return Timeout.InfiniteTimeSpan;
        }

        var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _maintenanceNotBefore);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}

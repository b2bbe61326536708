using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>
/// Moves the write-ahead log into the file on a thread and a connection of its own, so that appends do not wait for it. It cannot finish while
/// appends go on; the writer then copies the small rest itself, after which SQLite starts the write-ahead log anew: it stays bounded.
/// </summary>
internal sealed class LogCheckpointer : IDisposable
{
    /// <summary>Frames of a page each that are moved together: 4 MiB; with more, appends wait longer behind the fsync of the file.</summary>
    private const int StartFrames = 256;

    /// <summary>SQLITE_CHECKPOINT_NOOP (SQLite 3.51): tells the frames, moves none.</summary>
    private const int CheckpointNoop = -1;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly SqliteConnection _connection;
    private readonly ILogger _logger;
    private readonly AutoResetEvent _wanted = new(false);
    private readonly Thread _thread;
    private volatile bool _isRunning;
    private volatile bool _needsRest;
    private volatile bool _stopped;
    private long _notBefore;

    public LogCheckpointer(string path, ILogger logger)
    {
        _connection = LogFile.OpenReader(path);
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "commit log checkpointer" };
        _thread.Start();
    }

    /// <summary>Writer, after a commit: starts a checkpoint when the write-ahead log is long, or ends one.</summary>
    public void Committed(SqliteConnection writer)
    {
        if (_isRunning || Stopwatch.GetTimestamp() < Volatile.Read(ref _notBefore))
        {
            return;
        }

        if (_needsRest)
        {
            _needsRest = false;
            Checkpoint(writer);
            return;
        }

        raw.sqlite3_wal_checkpoint_v2(writer.Handle!, "main", CheckpointNoop, out var frames, out var moved);
        if (frames - moved >= StartFrames)
        {
            _isRunning = true;
            _wanted.Set();
        }
    }

    public void Dispose()
    {
        _stopped = true;
        _wanted.Set();
        _thread.Join();
        _connection.Dispose();
        _wanted.Dispose();
    }

    private void Run()
    {
        while (_wanted.WaitOne() && !_stopped)
        {
            _needsRest = Checkpoint(_connection);
            _isRunning = false;
        }
    }

    private bool Checkpoint(SqliteConnection connection)
    {
        var started = Stopwatch.GetTimestamp();
        var rc = raw.sqlite3_wal_checkpoint_v2(connection.Handle!, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);
        CommitLogMeters.CheckpointSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        if (rc is raw.SQLITE_OK or raw.SQLITE_BUSY)
        {
            return true;
        }

        // A full disk, usually: the records stay in the write-ahead log, and a later commit tries again.
        Volatile.Write(ref _notBefore, Stopwatch.GetTimestamp() + (long)(RetryAfter.TotalSeconds * Stopwatch.Frequency));
        Log.MaintenanceFailed(_logger, "Checkpoint", raw.sqlite3_errmsg(connection.Handle!).utf8_to_string());
        return false;
    }
}

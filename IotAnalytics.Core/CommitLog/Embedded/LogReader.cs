using Microsoft.Data.Sqlite;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>A read connection with its statements. One thread at a time.</summary>
internal sealed class LogReader : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly RequestTable _requests;
    private readonly LogStatement _read;
    private readonly LogStatement _recordTime;

    public LogReader(string path, TimeProvider time)
    {
        _connection = LogFile.OpenReader(path);
        _requests = new RequestTable(_connection, time);

        // The length comes first and from the row's header alone, so that a record that does not fit any more is not loaded.
        _read = new LogStatement(_connection, "SELECT id, record_time, length(value), value FROM record WHERE id >= ?1 AND id < ?2 ORDER BY id");
        _recordTime = new LogStatement(_connection, "SELECT record_time FROM record WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1");
    }

    /// <summary>Adds records of [offset, next) up to about <paramref name="maxBytes"/>, at least one when there is one.</summary>
    public void Read(int partition, long offset, long next, RecordBatch into, int maxBytes)
    {
        _read.Bind(1, LogFile.RowId(partition, offset)).Bind(2, LogFile.RowId(partition, next));
        try
        {
            while (_read.Step())
            {
                var length = (int)_read.Int64(2);
                if (into.Count > 0 && into.ByteCount + length > maxBytes)
                {
                    return;
                }

                var value = into.Add(LogFile.OffsetOf(_read.Int64(0)), _read.Int64(1), length, [], null);
                _read.Blob(3).CopyTo(value);
            }
        }
        finally
        {
            // An open statement keeps its snapshot, and the write-ahead log could not be started anew.
            _read.Reset();
        }
    }

    public long? RecordTime(int partition, long offset, long next)
    {
        if (!_recordTime.Bind(1, LogFile.RowId(partition, offset)).Bind(2, LogFile.RowId(partition, next)).Step())
        {
            return null;
        }

        var result = _recordTime.Int64(0);
        _recordTime.Reset();
        return result;
    }

    public IdempotentRequest? FindRequest(string key) => _requests.Find(key);

    public void Dispose()
    {
        _recordTime.Dispose();
        _read.Dispose();
        _requests.Dispose();
        _connection.Dispose();
    }
}

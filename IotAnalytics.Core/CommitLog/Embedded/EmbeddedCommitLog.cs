using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>
/// The commit log in one SQLite file, <c>log.db</c>: a row per record, a thread that writes, connections that read.
/// An append returns after its group is fsynced; a record can be read from then on.
/// </summary>
internal sealed class EmbeddedCommitLog(DataDirectory directory, IOptions<EmbeddedLogOptions> options, TimeProvider time, ILogger<EmbeddedCommitLog> logger)
    : ICommitLog
{
    /// <summary>Bytes of bodies that may wait for the disk; seconds of work even for a slow one.</summary>
    private const long MaxQueuedBytes = 64 << 20;

    private const string Closing = "The commit log is closing.";

    private readonly string _path = directory.Combine("log.db");
    private readonly AppendQueue _queue = new(MaxQueuedBytes);
    private readonly ConcurrentBag<LogReader> _readers = [];
    private LogLock? _lock;
    private LogWriter? _writer;
    private LogCheckpointer? _checkpointer;
    private LogState? _state;
    private volatile bool _closed;

    public LogSource Source => new("embedded", State.ClusterId, "log.db", "");

    public int PartitionCount => State.Partitions.Length;

    public bool KeepsRecordTime => true;

    private LogState State => _state ?? throw new InvalidOperationException("The commit log is not open.");

    public Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_state is not null)
        {
            throw new InvalidOperationException("The commit log is open already.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        var logLock = LogLock.Take(directory, time);
        SqliteConnection? connection = null;
        try
        {
            connection = LogFile.OpenWriter(_path, time);
            var state = LogState.Load(connection, _path, options.Value.Partitions);
            LogFile.Execute(connection, "PRAGMA wal_autocheckpoint = 0");
            _checkpointer = new LogCheckpointer(_path, logger);
            _writer = new LogWriter(connection, _queue, state, _checkpointer, options.Value, time, logger);
            _state = state;
            _lock = logLock;
            _writer.Start();
            Log.Opened(logger, _path, state.Partitions.Length, state.ByteCount, connection.ServerVersion);
            return Task.CompletedTask;
        }
        catch (Exception e)
        {
            _checkpointer?.Dispose();
            connection?.Dispose();
            logLock.Dispose();
            if (e is SqliteException sqlite)
            {
                throw new CommitLogException($"The commit log {_path} cannot be opened: {LogFile.Describe(sqlite)}.", e);
            }

            throw;
        }
    }

    public async ValueTask<AppendResult> AppendAsync(IReadOnlyList<LogRecord> records, IdempotentRequest? request, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(records.Count);
        cancellationToken.ThrowIfCancellationRequested();
        var bytes = request is null ? 0 : RequestTable.BytesOf(request);
        for (var i = 0; i < records.Count; i++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)records[i].Partition, (uint)PartitionCount);
            bytes += records[i].Value.Length;
        }

        var append = new AppendRequest(records, request, bytes);
        _queue.Add(append);
        using var registration = cancellationToken.UnsafeRegister(static (a, token) => ((AppendRequest)a!).Cancel(token), append);
        return await append.Task.ConfigureAwait(false);
    }

    public ValueTask<IdempotentRequest?> FindRequestAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Use(reader => reader.FindRequest(key)));
    }

    public async ValueTask<long> GetFirstOffsetAsync(int partition, CancellationToken cancellationToken) =>
        (await GetBoundsAsync(partition, cancellationToken).ConfigureAwait(false)).Start;

    public Task RunAssignmentAsync(IPartitionOwner owner, CancellationToken cancellationToken)
    {
        owner.Assigned([.. Enumerable.Range(0, PartitionCount)]);
        return Task.CompletedTask;
    }

    public async ValueTask ReadAsync(int partition, long offset, RecordBatch into, int maxBytes, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        var state = State.Partitions[partition];
        into.Clear();
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfOutside(state, offset);
        if (offset == state.Next && !await state.WaitAsync(offset, maxWait, time, cancellationToken).ConfigureAwait(false))
        {
            ThrowIfClosed();
            return;
        }

        Use(reader =>
        {
            reader.Read(partition, offset, state.Next, into, maxBytes);
            return true;
        });

        // A trim may have come between; then the rows that were found do not begin where they should.
        ThrowIfOutside(state, offset);
        if (into.Count == 0 || into[0].Offset != offset)
        {
            throw new CommitLogException($"The commit log {_path} is damaged: partition {partition} has no record at offset {offset}.");
        }
    }

    public ValueTask<LogBounds> GetBoundsAsync(int partition, CancellationToken cancellationToken)
    {
        var state = State.Partitions[partition];
        return ValueTask.FromResult(new LogBounds(state.Start, state.Next));
    }

    public ValueTask<long?> GetRecordTimeAsync(int partition, long offset, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var state = State.Partitions[partition];
        return ValueTask.FromResult(Use(reader => reader.RecordTime(partition, Math.Max(offset, state.Start), state.Next)));
    }

    public ValueTask TrimAsync(int partition, long offset, CancellationToken cancellationToken)
    {
        State.Partitions[partition].RaiseStart(offset);
        _queue.Wake();
        return ValueTask.CompletedTask;
    }

    /// <summary>Serves what is queued, then closes. Safe to call twice, and before the log was opened.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        _queue.Close(Closing);
        if (_state is null)
        {
            return;
        }

        await Task.Run(_writer!.Join).ConfigureAwait(false);
        foreach (var partition in _state.Partitions)
        {
            partition.Close();
        }

        while (_readers.TryTake(out var reader))
        {
            reader.Dispose();
        }

        _checkpointer!.Dispose();
        _writer.Dispose();
        _lock!.Dispose();
        Log.Closed(logger, _path);
    }

    private static void ThrowIfOutside(PartitionState state, long offset)
    {
        if (offset < state.Start)
        {
            throw new OffsetTrimmedException(state.Index, offset, state.Start);
        }

        if (offset > state.Next)
        {
            throw new CommitLogException($"Partition {state.Index}: offset {offset} is beyond the log's end {state.Next}.");
        }
    }

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            throw new LogUnavailableException(Closing);
        }
    }

    private T Use<T>(Func<LogReader, T> work)
    {
        ThrowIfClosed();
        LogReader? reader = null;
        try
        {
            reader = _readers.TryTake(out var idle) ? idle : new LogReader(_path, time);
            return work(reader);
        }
        catch (SqliteException e)
        {
            throw new CommitLogException($"The commit log {_path} cannot be read: {LogFile.Describe(e)}.", e);
        }
        finally
        {
            if (reader is not null)
            {
                _readers.Add(reader);
                if (_closed && _readers.TryTake(out var late))
                {
                    late.Dispose();
                }
            }
        }
    }
}

using Microsoft.Data.Sqlite;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>What the file says when it is opened.</summary>
internal sealed record LogState(string ClusterId, PartitionState[] Partitions, long RequestBytes)
{
    public long ByteCount => Partitions.Sum(p => p.ByteCount);

    /// <summary>Reads the state and makes partitions that are still missing.</summary>
    /// <exception cref="CommitLogException">The file has more partitions than configured, or its records do not fit its state.</exception>
    public static LogState Load(SqliteConnection connection, string path, int partitions)
    {
        var existing = (int)LogFile.Scalar(connection, "SELECT count(*) FROM partition");
        if (existing > partitions)
        {
            throw new CommitLogException(
                $"CommitLog:Embedded:Partitions is {partitions}, but the commit log {path} has {existing}: the number may grow, never shrink.");
        }

        for (var p = existing; p < partitions; p++)
        {
            LogFile.Execute(connection, $"INSERT INTO partition VALUES ({p}, 0, 0, 0)");
        }

        using var log = new LogStatement(connection, "SELECT cluster_id, request_bytes FROM log");
        if (!log.Step())
        {
            throw new CommitLogException($"The commit log {path} is damaged: it has lost its identity.");
        }

        using var saved = new LogStatement(connection, "SELECT start_offset, next_offset, byte_count FROM partition ORDER BY partition");
        using var oldest = new LogStatement(connection, "SELECT min(id) FROM record WHERE id >= ?1 AND id < ?2");
        using var later = new LogStatement(connection, "SELECT count(*), max(id), total(length(value)) FROM record WHERE id >= ?1 AND id < ?2");
        var states = new PartitionState[partitions];
        for (var p = 0; p < partitions && saved.Step(); p++)
        {
            var (start, savedNext, bytes) = (saved.Int64(0), saved.Int64(1), saved.Int64(2));
            var end = LogFile.RowId(p + 1, 0);

            // The partition's row is written now and then; what came after it is added up.
            later.Bind(1, LogFile.RowId(p, savedNext)).Bind(2, end).Step();
            var count = later.Int64(0);
            var isDense = count == 0 || LogFile.OffsetOf(later.Int64(1)) == savedNext + count - 1;
            var next = savedNext + count;
            bytes += later.Int64(2);
            later.Reset();

            oldest.Bind(1, LogFile.RowId(p, 0)).Bind(2, end).Step();
            var first = oldest.IsNull(0) ? next : LogFile.OffsetOf(oldest.Int64(0));
            oldest.Reset();
            if (!isDense || first > start)
            {
                throw new CommitLogException($"The commit log {path} is damaged: partition {p} should hold offsets {start} to {next}, but some are missing.");
            }

            states[p] = new PartitionState(p, start, next, savedNext, deletedBelow: first, bytes);
        }

        return new LogState(log.Text(0), states, log.Int64(1));
    }
}

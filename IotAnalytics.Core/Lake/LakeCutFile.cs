using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Files.Format;

namespace IotAnalytics.Core.Lake;

/// <summary>One file of an open cut: a table and a date. <see cref="Buffer"/> and the pending rows belong to the worker, the rest to the encoder.</summary>
internal sealed class LakeCutFile(LakeTable table, int day, LakeSchema schema, LakeSpool spool)
{
    private readonly string _path = spool.NewCutPath();
    private LakeFileWriter? _writer;
    private long _accounted;

    public LakeTable Table => table;

    /// <summary>Days since 1970-01-01.</summary>
    public int Day => day;

    public LakeSchema Schema => schema;

    /// <summary>The open row group, or null when nothing waits.</summary>
    public RowBuffer? Buffer { get; set; }

    /// <summary>Rows of the current micro-batch that go here.</summary>
    public int[] Pending { get; private set; } = new int[256];

    public int PendingCount { get; set; }

    public void AddPending(int row)
    {
        if (PendingCount == Pending.Length)
        {
            var larger = new int[Pending.Length * 2];
            Pending.CopyTo(larger, 0);
            Pending = larger;
        }

        Pending[PendingCount++] = row;
    }

    /// <summary>Writes a row group; returns the bytes by which the file grew.</summary>
    public long Encode(RowBuffer buffer, ColumnChunkWriter chunk)
    {
        _writer ??= new LakeFileWriter(schema, _path);
        _writer.Write(buffer, chunk);
        return Account(_writer.Bytes);
    }

    public WrittenFile Finish()
    {
        var written = _writer!.Finish();
        Account(written.Bytes);
        return written;
    }

    public void Abandon(LakeSpool spool)
    {
        if (_writer is not null)
        {
            _writer.Dispose();
            File.Delete(_path);
        }

        spool.Account(-_accounted);
        _accounted = 0;
    }

    private long Account(long bytes)
    {
        var grown = bytes - _accounted;
        _accounted = bytes;
        spool.Account(grown);
        return grown;
    }
}

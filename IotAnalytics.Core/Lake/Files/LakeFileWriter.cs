using System.Buffers.Binary;
using IotAnalytics.Core.Lake.Files.Format;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>Writes one Parquet file to the local disk, row group by row group. One call at a time.</summary>
internal sealed class LakeFileWriter : IDisposable
{
    private readonly HashingFile _file;
    private readonly PageCodec _codec;
    private readonly ColumnStatistics[] _statistics;
    private readonly ThriftWriter _rowGroups = new();
    private int _rowGroupCount;

    /// <param name="path">Of a file that does not exist yet.</param>
    public LakeFileWriter(LakeSchema schema, string path)
    {
        (Schema, Path) = (schema, path);
        _codec = ReferenceEquals(schema, LakeSchema.Bronze) ? PageCodec.Zstd : PageCodec.Snappy;
        _statistics = [.. schema.Columns.Select(_ => new ColumnStatistics())];
        _file = new HashingFile(path);
        _file.Write(FileFooter.Magic);
    }

    public LakeSchema Schema { get; }

    public string Path { get; }

    /// <summary>Bytes written.</summary>
    public long Bytes => _file.Length;

    public long Rows { get; private set; }

    /// <summary>Writes the buffer as a row group (parquet.thrift, <c>RowGroup</c>).</summary>
    public void Write(RowBuffer buffer, ColumnChunkWriter chunk)
    {
        var start = _file.Length;
        var raw = 0L;
        _rowGroups.BeginElement();
        _rowGroups.Structs(1, Schema.Columns.Length);
        for (var i = 0; i < Schema.Columns.Length; i++)
        {
            chunk.Begin();
            buffer.Columns[i].Write(chunk, buffer.Rows, _statistics[i]);
            chunk.End(Schema.Columns[i], buffer.Rows, _codec, _file, _rowGroups);
            raw += chunk.RawBytes;
        }

        _rowGroups.I64(2, raw);
        _rowGroups.I64(3, buffer.Rows);
        _rowGroups.I64(5, start);
        _rowGroups.I64(6, _file.Length - start);
        _rowGroups.EndStruct();
        _rowGroupCount++;
        Rows += buffer.Rows;
    }

    /// <summary>Writes the footer and closes.</summary>
    public WrittenFile Finish()
    {
        var footer = new ThriftWriter();
        FileFooter.Write(footer, Schema, Rows, _rowGroupCount, _rowGroups.Written);
        _file.Write(footer.Written);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Written.Length);
        _file.Write(length);
        _file.Write(FileFooter.Magic);
        var (bytes, hash) = (_file.Length, _file.FinishHash());
        _file.Dispose();
        return new WrittenFile(Path, Rows, bytes, hash, FileStatistics.ToJson(Schema, Rows, _statistics));
    }

    /// <summary>Closes; an unfinished file stays behind without a footer.</summary>
    public void Dispose() => _file.Dispose();
}

/// <summary>A finished file.</summary>
/// <param name="Statistics">Delta statistics, JSON.</param>
internal sealed record WrittenFile(string Path, long Rows, long Bytes, string Sha256, string Statistics);

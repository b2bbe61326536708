using System.IO.Compression;
using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>Writes one Parquet file to the local disk, row group by row group. One call at a time.</summary>
internal sealed class LakeFileWriter : IAsyncDisposable
{
    private readonly HashingFileStream _stream;
    private readonly DataField[] _fields;
    private readonly ColumnStatistics[] _statistics;
    private ParquetWriter? _writer;

    private LakeFileWriter(LakeSchema schema, string path, HashingFileStream stream, ParquetWriter writer, DataField[] fields)
    {
        Schema = schema;
        Path = path;
        _stream = stream;
        _writer = writer;
        _fields = fields;
        _statistics = [.. schema.Columns.Select(_ => new ColumnStatistics())];
    }

    public LakeSchema Schema { get; }

    public string Path { get; }

    /// <summary>Bytes written.</summary>
    public long Bytes => _stream.Length;

    public long Rows { get; private set; }

    public static async Task<LakeFileWriter> CreateAsync(LakeSchema schema, string path, CancellationToken cancellationToken)
    {
        var parquet = schema.ToParquet();
        var options = new ParquetOptions
        {
            CompressionMethod = ReferenceEquals(schema, LakeSchema.Bronze) ? CompressionMethod.Zstd : CompressionMethod.Snappy,
            CompressionLevel = CompressionLevel.Fastest,
            // The library has one pool for all writers. What does not fit into it is a large array for each page, and every few of those a full collection.
            MaximumSmallPoolFreeBytes = 4 * 1024 * 1024,
            MaximumLargePoolFreeBytes = 4 * 1024 * 1024,
        };
        foreach (var column in schema.Columns.Where(c => c.Dictionary))
        {
            options.ColumnEncodingHints[column.Name] = EncodingHint.Dictionary;
        }

        var stream = new HashingFileStream(path);
        try
        {
            var writer = await ParquetWriter.CreateAsync(parquet, stream, options, cancellationToken: cancellationToken).ConfigureAwait(false);
            return new LakeFileWriter(schema, path, stream, writer, parquet.GetDataFields());
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Writes the buffer as a row group.</summary>
    public async Task WriteAsync(RowBuffer buffer, EncodeScratch scratch, CancellationToken cancellationToken)
    {
        using var group = _writer!.CreateRowGroup();
        for (var i = 0; i < _fields.Length; i++)
        {
            await buffer.Columns[i].WriteAsync(group, _fields[i], buffer.Rows, scratch, _statistics[i], cancellationToken).ConfigureAwait(false);
        }

        group.CompleteValidate();
        Rows += buffer.Rows;
    }

    /// <summary>Writes the footer and closes.</summary>
    public async Task<WrittenFile> FinishAsync()
    {
        var writer = _writer!;
        _writer = null;
        await writer.DisposeAsync().ConfigureAwait(false);
        var (bytes, hash) = (_stream.Length, _stream.FinishHash());
        await _stream.DisposeAsync().ConfigureAwait(false);
        return new WrittenFile(Path, Rows, bytes, hash, FileStatistics.ToJson(Schema, Rows, _statistics));
    }

    /// <summary>Closes an unfinished file, which stays behind without a footer.</summary>
    public ValueTask DisposeAsync()
    {
        _writer = null;
        return _stream.DisposeAsync();
    }
}

/// <summary>A finished file.</summary>
/// <param name="Statistics">Delta statistics, JSON.</param>
internal sealed record WrittenFile(string Path, long Rows, long Bytes, string Sha256, string Statistics);

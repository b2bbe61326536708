using System.IO.Compression;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>A file to replay, opened by what it contains; names and extensions do not matter.</summary>
internal sealed class ReplayFile : IAsyncDisposable
{
    private readonly FileStream _raw;
    private readonly ReplayReader _reader;

    private ReplayFile(FileStream raw, ReplayReader reader)
    {
        _raw = raw;
        _reader = reader;
    }

    /// <summary>The row that was read last; valid after <see cref="AdvanceAsync"/> returned true.</summary>
    public ReplayRow Row { get; } = new();

    /// <summary>Bytes of the file.</summary>
    public long Length => _raw.CanRead ? _raw.Length : 0;

    /// <summary>Bytes read so far.</summary>
    public long Position => _raw.CanRead ? _raw.Position : 0;

    /// <summary>Rows left out because they could not be read.</summary>
    public long Skipped { get; private set; }

    /// <summary>Opens a CSV, NDJSON or Parquet file, each also in gzip, and reads its header.</summary>
    /// <exception cref="ReplayFormatException">It is none of these, or it has not the columns.</exception>
    public static async Task<ReplayFile> OpenAsync(string path, ReplayOptions options, CancellationToken cancellationToken)
    {
        FileStream raw;
        try
        {
            raw = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ReplayFormatException(
                e is FileNotFoundException or DirectoryNotFoundException ? $"{path}: no such file." : $"{path}: {e.Message}", rowOnly: false, e);
        }

        try
        {
            return new ReplayFile(raw, await ReaderAsync(path, raw, options, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await raw.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads the next row; false at the end. Rows at fault are skipped when the options say so.</summary>
    public async ValueTask<bool> AdvanceAsync(bool skipBad, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await _reader.ReadAsync(Row, cancellationToken).ConfigureAwait(false);
            }
            catch (ReplayFormatException e) when (e.RowOnly && skipBad)
            {
                Skipped++;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync().ConfigureAwait(false);
        await _raw.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<ReplayReader> ReaderAsync(string path, FileStream raw, ReplayOptions options, CancellationToken cancellationToken)
    {
        var (head, gzip) = Sniff(path, raw);
        if (head.StartsWith("PAR1"u8))
        {
            return await ParquetReplayReader.OpenAsync(path, raw, gzip, options, cancellationToken).ConfigureAwait(false);
        }

        if (head.Contains((byte)0))
        {
            throw new ReplayFormatException($"{path}: not a CSV, NDJSON or Parquet file (nor one of them in gzip).", rowOnly: false);
        }

        Stream content = gzip ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        var text = head.AsSpan().TrimStart(" \t\r\n\uFEFF"u8);
        if (text.IsEmpty)
        {
            throw new ReplayFormatException($"{path}: the file is empty; accepted: CSV, NDJSON or Parquet with sensor_id, timestamp and measurements.", rowOnly: false);
        }

        return text[0] switch
        {
            (byte)'{' => new NdjsonReplayReader(path, content, options),
            (byte)'[' => throw new ReplayFormatException($"{path}: a JSON array; accepted is NDJSON, one reading a line.", rowOnly: false),
            _ => new CsvReplayReader(path, content, options),
        };
    }

    /// <summary>The first bytes of the content, unpacked; the file is at its start again afterwards.</summary>
    private static (byte[] Head, bool Gzip) Sniff(string path, FileStream raw)
    {
        var head = new byte[4_096];
        var length = raw.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        var gzip = head is [0x1F, 0x8B, ..];
        raw.Position = 0;
        if (gzip)
        {
            try
            {
                using var unpacked = new GZipStream(raw, CompressionMode.Decompress, leaveOpen: true);
                length = unpacked.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            }
            catch (InvalidDataException e)
            {
                throw new ReplayFormatException($"{path}: damaged gzip data ({e.Message.TrimEnd('.')}).", rowOnly: false, e);
            }

            raw.Position = 0;
        }

        return (head[..length], gzip);
    }
}

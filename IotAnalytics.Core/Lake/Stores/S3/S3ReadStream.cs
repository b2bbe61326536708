namespace IotAnalytics.Core.Lake.Stores.S3;

/// <summary>
/// An object for random access, by ranges. Opening fetches the end, which is a small object as a whole and the footer of a Parquet file;
/// other places are fetched a block at a time. All ranges are of the same version of the object: when it is replaced meanwhile, reading fails.
/// For one reader at a time.
/// </summary>
internal sealed class S3ReadStream : Stream
{
    /// <summary>Bytes that opening fetches.</summary>
    public const int TailBytes = 512 * 1024;

    private const int LeastBlock = 1024 * 1024;
    private const int LargestBlock = 8 * 1024 * 1024;

    private readonly Func<long, int, CancellationToken, Task<byte[]>> _fetch;
    private readonly byte[] _tail;
    private readonly long _tailStart;
    private byte[] _block = [];
    private long _blockStart;
    private long _position;

    /// <param name="length">Of the object.</param>
    /// <param name="tail">Its last bytes.</param>
    /// <param name="fetch">Gives exactly so many bytes from an offset.</param>
    public S3ReadStream(long length, byte[] tail, Func<long, int, CancellationToken, Task<byte[]>> fetch)
    {
        Length = length;
        _tail = tail;
        _tailStart = length - tail.Length;
        _fetch = fetch;
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; }

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || _position >= Length)
        {
            return 0;
        }

        if (Cached(buffer.Span) is var read and > 0)
        {
            return read;
        }

        var wanted = Math.Min(Math.Clamp(buffer.Length, LeastBlock, LargestBlock), _tailStart - _position);
        _block = await _fetch(_position, (int)wanted, cancellationToken).ConfigureAwait(false);
        _blockStart = _position;
        return Cached(buffer.Span);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // Parquet.Net reads headers of pages synchronously; nearly always they lie in the block that is there.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin)
    {
        var target = offset + origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => _position,
            _ => Length,
        };
        return target >= 0 ? _position = target : throw new IOException("The position lies before the beginning.");
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Cached(Span<byte> into)
    {
        var (bytes, start) = _position >= _tailStart ? (_tail, _tailStart) : (_block, _blockStart);
        var from = _position - start;
        if (from < 0 || from >= bytes.Length)
        {
            return 0;
        }

        var count = (int)Math.Min(into.Length, bytes.Length - from);
        bytes.AsSpan((int)from, count).CopyTo(into);
        _position += count;
        return count;
    }
}

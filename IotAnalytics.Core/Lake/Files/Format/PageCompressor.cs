using Snappier;
using ZstdSharp;

namespace IotAnalytics.Core.Lake.Files.Format;

/// <summary>Compresses a page into an array of its own, which the next page overwrites. One user at a time.</summary>
internal sealed class PageCompressor : IDisposable
{
    /// <summary>The fastest: a page waits for its permit longer than it is compressed.</summary>
    private const int ZstdLevel = 1;

    private Compressor? _zstd;
    private byte[] _compressed = [];

    public ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> page, PageCodec codec)
    {
        var most = codec == PageCodec.Zstd ? Compressor.GetCompressBound(page.Length) : Snappy.GetMaxCompressedLength(page.Length);
        if (_compressed.Length < most || _compressed.Length > ColumnChunkWriter.KeptBytes)
        {
            _compressed = new byte[most];
        }

        var length = codec == PageCodec.Zstd
            ? (_zstd ??= new Compressor(ZstdLevel)).Wrap(page, _compressed)
            : Snappy.Compress(page, _compressed);
        return _compressed.AsSpan(0, length);
    }

    public void Dispose() => _zstd?.Dispose();
}

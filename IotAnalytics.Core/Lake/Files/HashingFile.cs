using System.Security.Cryptography;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>A new local file, written front to back, with its SHA-256 as it grows.</summary>
internal sealed class HashingFile : IDisposable
{
    /// <summary>Pages are written whole; what is gathered are their headers.</summary>
    private const int BufferBytes = 4096;

    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public HashingFile(string path) => _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, BufferBytes);

    public long Length { get; private set; }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _file.Write(bytes);
        Length += bytes.Length;
    }

    /// <summary>SHA-256 of what was written, lower-case hex. Ends the hash.</summary>
    public string FinishHash() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }
}

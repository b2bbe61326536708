using System.Buffers;
using System.IO.Compression;
using Microsoft.Net.Http.Headers;

namespace IotAnalytics.Web.Endpoints;

/// <summary>A request's whole body in a pooled buffer, unpacked, never larger than a bound.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstBuffer = 16 * 1024;
    private readonly int _maxBytes;
    private byte[] _buffer;
    private int _length;

    private RequestBody(int maxBytes, int expected)
    {
        _maxBytes = maxBytes;
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Clamp(expected, FirstBuffer, Math.Max(maxBytes, FirstBuffer)));
    }

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Reads to the end.</summary>
    /// <param name="maxBytes">Bound of what is sent and of what it unpacks to.</param>
    /// <exception cref="ProblemException">The body is too large, packed in an unknown way, or broken.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        var isPacked = encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase);
        if (!isPacked && encoding is not ("" or "identity"))
        {
            request.HttpContext.Response.Headers[HeaderNames.AcceptEncoding] = "gzip";
            throw new ProblemException(new Problem(
                StatusCodes.Status415UnsupportedMediaType, "unsupported_encoding", $"Content-Encoding '{encoding}': accepted gzip, or none."));
        }

        if (request.ContentLength > maxBytes)
        {
            throw TooLarge(maxBytes);
        }

        var body = new RequestBody(maxBytes, (int)(request.ContentLength ?? 0));
        try
        {
            await body.FillAsync(request, cancellationToken);
            return isPacked ? await body.UnpackAsync(cancellationToken) : body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _length = 0;
        }
    }

    private static ProblemException TooLarge(int maxBytes) => new(new Problem(
        StatusCodes.Status413PayloadTooLarge, "body_too_large", $"The body has more than {maxBytes} bytes (Limits:MaxBodyBytes); send it in parts."));

    private async Task FillAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            foreach (var segment in read.Buffer)
            {
                Append(segment.Span);
            }

            // Before the bound is judged: the server drains what is left of a refused body and must find the reader at rest.
            reader.AdvanceTo(read.Buffer.End);
            ThrowIfTooLarge();
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private async Task<RequestBody> UnpackAsync(CancellationToken cancellationToken)
    {
        var unpacked = new RequestBody(_maxBytes, _length * 4);
        try
        {
            await using var gzip = new GZipStream(new MemoryStream(_buffer, 0, _length, writable: false), CompressionMode.Decompress);
            while (true)
            {
                unpacked.Reserve(1);
                var count = await gzip.ReadAsync(unpacked._buffer.AsMemory(unpacked._length), cancellationToken);
                if (count == 0)
                {
                    break;
                }

                unpacked._length += count;
                unpacked.ThrowIfTooLarge();
            }

            Dispose();
            return unpacked;
        }
        catch (InvalidDataException)
        {
            unpacked.Dispose();
            throw new ProblemException(new Problem(StatusCodes.Status400BadRequest, "malformed_gzip", "Content-Encoding says gzip and the body is not, or it is broken."));
        }
        catch
        {
            unpacked.Dispose();
            throw;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Reserve(int more)
    {
        if (_length + more > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + more, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    private void ThrowIfTooLarge()
    {
        if (_length > _maxBytes)
        {
            throw TooLarge(_maxBytes);
        }
    }
}

using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Stores.S3;

/// <summary>
/// Any S3. The first segment of a key is the bucket. A put is one request and so is atomic; its body is signed, so that the server refuses
/// a damaged one. Puts of the same bytes may be repeated, so a lost reply does no harm; see <see cref="TryCreateAsync"/> for the conditional one.
/// </summary>
internal sealed class S3LakeStore(S3StoreOptions options, TimeProvider time, ILogger<S3LakeStore> logger) : ILakeStore, IDisposable
{
    private readonly AmazonS3Client _client = S3ClientFactory.Create(options);
    private readonly S3Calls _calls = new(options, time, logger);

    public S3LakeStore(IOptions<S3StoreOptions> options, TimeProvider time, ILogger<S3LakeStore> logger)
        : this(options.Value, time, logger)
    {
    }

    /// <summary>Where it is, for messages.</summary>
    public string Place => _calls.Place;

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var address = S3Address.Of(key);
        return _calls.RunAsync("PUT", key, content.Length, token => PutAsync(address, BodyOf(content), ifNoneMatch: null, token), cancellationToken);
    }

    /// <summary>
    /// A conditional put. When the server says that there is an object already, it may be ours: of a try whose reply was lost, or of an
    /// earlier call. So its content decides.
    /// </summary>
    public async Task<bool> TryCreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var address = S3Address.Of(key);
        for (var attempt = 1; attempt <= options.Tries; attempt++)
        {
            if (await _calls.RunAsync("PUT", key, content.Length, token => IsCreatedAsync(address, content, token), cancellationToken).ConfigureAwait(false))
            {
                return true;
            }

            if (await HasContentAsync(key, content, cancellationToken).ConfigureAwait(false) is { } isOurs)
            {
                return isOurs;
            }

            // Deleted in between, or the refusal was not true.
            await Task.Delay(_calls.Delay(attempt), time, cancellationToken).ConfigureAwait(false);
        }

        throw new StoreUnavailableException($"S3 PUT {key}{Place}: refused because the object exists, but there is none ({options.Tries} tries)", null);
    }

    public async Task PutFileAsync(string key, string localPath, CancellationToken cancellationToken)
    {
        var address = S3Address.Of(key);
        try
        {
            await using var file = new FileStream(localPath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1, useAsync: true);
            await _calls.RunAsync(
                "PUT", key, file.Length,
                token =>
                {
                    file.Position = 0;
                    return PutAsync(address, file, ifNoneMatch: null, token);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        File.Delete(localPath);
    }

    public async Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken)
    {
        var address = S3Address.Of(key);
        var (length, tail, etag) = await _calls.RunAsync("GET", key, S3ReadStream.TailBytes, token => TailAsync(address, key, token), cancellationToken).ConfigureAwait(false)
            ?? throw Missing(key);
        return new S3ReadStream(length, tail, (offset, count, token) => RangeAsync(address, key, etag, offset, count, token));
    }

    /// <summary>By a listing: it tells a missing bucket from a missing object, which a HEAD does not, and an object that is not there, which is what is nearly always found,
    /// is no failed request.</summary>
    public async Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken)
    {
        var address = S3Address.Of(key);
        var request = new ListObjectsV2Request { BucketName = address.Bucket, Prefix = address.Object, MaxKeys = 1 };
        var page = await _calls.RunAsync("LIST", key, 0, token => _client.ListObjectsV2Async(request, token), cancellationToken).ConfigureAwait(false);

        // The name itself comes before all that it begins.
        return page.S3Objects is [var first, ..] && first.Key == address.Object ? first.Size ?? 0 : null;
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var address = S3Address.OfPrefix(prefix);
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = address.Bucket, Prefix = address.Object, ContinuationToken = next };
            var page = await _calls.RunAsync("LIST", prefix, 0, token => _client.ListObjectsV2Async(request, token), cancellationToken).ConfigureAwait(false);
            foreach (var found in page.S3Objects ?? [])
            {
                var key = $"{address.Bucket}/{found.Key}";

                // Markers of folders and what else strangers left; nothing of ours.
                if (LakeKey.IsKey(key))
                {
                    yield return new StoredObject(key, found.Size ?? 0, new DateTimeOffset((found.LastModified ?? DateTime.UnixEpoch).ToUniversalTime()));
                }
            }

            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var address = S3Address.Of(key);
        return _calls.RunAsync(
            "DELETE", key, 0,
            async token =>
            {
                try
                {
                    await _client.DeleteObjectAsync(address.Bucket, address.Object, token).ConfigureAwait(false);
                }
                catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchKey")
                {
                    // Some servers say so where others do not mind.
                }

                return true;
            },
            cancellationToken);
    }

    public Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken) => _calls.RunAsync(
        "HEAD", bucket, 0,
        async token =>
        {
            try
            {
                await _client.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket }, token).ConfigureAwait(false);
                return true;
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
            {
                return false;
            }
        },
        cancellationToken);

    public Task CreateBucketAsync(string bucket, CancellationToken cancellationToken) => _calls.RunAsync(
        "CREATE", bucket, 0,
        async token =>
        {
            try
            {
                // Where an address names no region, the SDK would look through its table of them, which takes as long as the request.
                var namesRegion = options.ServiceUrl.Length == 0 || options.ServiceUrl.Contains(options.Region, StringComparison.OrdinalIgnoreCase);
                await _client.PutBucketAsync(new PutBucketRequest { BucketName = bucket, UseClientRegion = namesRegion }, token).ConfigureAwait(false);
            }
            catch (AmazonS3Exception e) when (e.ErrorCode == "BucketAlreadyOwnedByYou")
            {
                // Another host was faster, or the reply was lost.
            }

            return true;
        },
        cancellationToken);

    public void Dispose() => _client.Dispose();

    private static FileNotFoundException Missing(string key) => new($"The lake has no object {key}.", key);

    private static MemoryStream BodyOf(ReadOnlyMemory<byte> content) => MemoryMarshal.TryGetArray(content, out var segment)
        ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
        : new MemoryStream(content.ToArray(), writable: false);

    private async Task<bool> PutAsync(S3Address address, Stream body, string? ifNoneMatch, CancellationToken cancellationToken)
    {
        var request = new PutObjectRequest
        {
            BucketName = address.Bucket,
            Key = address.Object,
            InputStream = body,
            AutoCloseStream = false,
            UseChunkEncoding = false,
            IfNoneMatch = ifNoneMatch,
        };
        await _client.PutObjectAsync(request, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> IsCreatedAsync(S3Address address, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            return await PutAsync(address, BodyOf(content), ifNoneMatch: "*", cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return false;
        }
    }

    /// <summary>Null when there is no such object.</summary>
    private async Task<bool?> HasContentAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await OpenReadAsync(key, cancellationToken).ConfigureAwait(false);
            if (stream.Length != content.Length)
            {
                return false;
            }

            var present = new byte[content.Length];
            await stream.ReadExactlyAsync(present, cancellationToken).ConfigureAwait(false);
            return present.AsSpan().SequenceEqual(content.Span);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The object's length, last bytes and version; null when there is none.</summary>
    private async Task<(long Length, byte[] Tail, string ETag)?> TailAsync(S3Address address, string key, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest
        {
            BucketName = address.Bucket,
            Key = address.Object,
            ByteRange = new ByteRange(string.Create(CultureInfo.InvariantCulture, $"bytes=-{S3ReadStream.TailBytes}")),
        };
        try
        {
            using var response = await _client.GetObjectAsync(request, cancellationToken).ConfigureAwait(false);
            var length = S3Range.TotalLength(response, key);
            return (length, await BodyAsync(response, cancellationToken).ConfigureAwait(false), response.ETag);
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchKey")
        {
            return null;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // An empty object has no last byte.
            return (0, [], "");
        }
    }

    private async Task<byte[]> RangeAsync(S3Address address, string key, string etag, long offset, int count, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest
        {
            BucketName = address.Bucket,
            Key = address.Object,
            ByteRange = new ByteRange(offset, offset + count - 1),
            EtagToMatch = etag,
        };
        return await _calls.RunAsync<byte[]?>(
            "GET", key, count,
            async token =>
            {
                try
                {
                    using var response = await _client.GetObjectAsync(request, token).ConfigureAwait(false);
                    var bytes = await BodyAsync(response, token).ConfigureAwait(false);
                    return bytes.Length == count ? bytes : throw new IOException($"{bytes.Length} bytes came, {count} were asked for");
                }
                catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchKey")
                {
                    return null;
                }
            },
            cancellationToken).ConfigureAwait(false) ?? throw Missing(key);
    }

    private static async Task<byte[]> BodyAsync(GetObjectResponse response, CancellationToken cancellationToken)
    {
        var bytes = new byte[response.ContentLength];
        await response.ResponseStream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes;
    }
}

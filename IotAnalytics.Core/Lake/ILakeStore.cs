namespace IotAnalytics.Core.Lake;

/// <summary>
/// Objects by key. Implementations: a local folder, S3. A put is atomic and durable when it returns: a reader sees the old
/// content or the new, never a part. Keys are relative, with <c>/</c>, of <c>[A-Za-z0-9=_./-]</c> only.
/// Missing objects give <see cref="FileNotFoundException"/>; any other failure is an <see cref="IOException"/> and may be retried.
/// </summary>
public interface ILakeStore
{
    /// <summary>Writes an object from memory.</summary>
    Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Writes an object where there must not be another. True when it is there with this content afterwards, also when an earlier try
    /// brought it; false when other content is there, which is left as it is. Of several callers at most one content wins.</summary>
    Task<bool> TryCreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Writes an object from a local file, which is gone afterwards. After a failure it is still there, so that the put can be tried again.</summary>
    Task PutFileAsync(string key, string localPath, CancellationToken cancellationToken);

    /// <summary>Opens an object for random access; the stream can seek.</summary>
    Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Length in bytes, or null when there is no such object.</summary>
    Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken);

    /// <summary>All objects whose key begins with <paramref name="prefix"/>, ordered by key (ordinal).</summary>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Deletes an object; a missing one is not an error.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);
}

/// <summary>An entry of a listing.</summary>
public readonly record struct StoredObject(string Key, long Length, DateTimeOffset LastModified);
